/**
 * ELF, as far as a relocatable object for the machine `BPF` needs it: 64 bits, little-endian, sections, symbols,
 * relocations. Format: the System V ABI, chapters 4 and 5 (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html).
 */
import { createStringTable } from './btf.ts';
import { encodeUtf8 } from './utf8.ts';

export interface ElfSection {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** What a loader does with it: code is read and executed, data read and written, the rest only looked at. */
  readonly use: 'code' | 'data' | 'information';
  readonly alignment: number;
  readonly relocations?: readonly ElfRelocation[];
}

/** A symbol that the object has; all are global. */
export interface ElfSymbol {
  readonly name: string;
  readonly kind: 'object' | 'function';
  /** Name of the section that it is in, and its place there in bytes. */
  readonly section: string;
  readonly offset: number;
  readonly bytes: number;
}

/** A symbol that whoever loads the object knows, or that is 0. */
export interface ElfExternal {
  readonly name: string;
  readonly kind: 'external';
}

/** At this byte of the section begins an instruction that loads the symbol's address (R_BPF_64_64) or calls it (…_32). */
export interface ElfRelocation {
  readonly offset: number;
  readonly symbol: string;
  readonly use: keyof typeof relocationTypes;
}

const headerBytes = 64;
const sectionHeaderBytes = 64;
const symbolBytes = 24;
const relocationBytes = 16;
const relocatable = 1;
const machineBpf = 247;
const relocationTypes = { address: 1, call: 10 } as const;

const sectionType = { program: 1, symbols: 2, strings: 3, relocations: 9 } as const;
const sectionFlags = { code: 0x6, data: 0x3, information: 0 } as const;
const symbolKind = { object: 1, function: 2 } as const;
const binding = { global: 1, weak: 2 } as const;

/** A section as its header tells of it. */
interface Laid {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly bytes: Uint8Array;
  readonly alignment: number;
  readonly link?: number;
  readonly information?: number;
  readonly entryBytes?: number;
}

/** The bytes of an object file. */
export function elfObject(sections: readonly ElfSection[], symbols: readonly (ElfSymbol | ElfExternal)[]): Uint8Array {
  const strings = createStringTable(encodeUtf8);
  const nameOffset = (name: string): number => strings.offsetOf(name);
  const numberOf = (name: string): number => 1 + sections.findIndex((section) => section.name === name);
  const symbolTable = sections.length + 1;
  const relocated = sections.filter(({ relocations }) => relocations !== undefined && relocations.length > 0);
  const laid: Laid[] = [
    ...sections.map(({ name, bytes, use, alignment }) => {
      return { name, type: sectionType.program, flags: sectionFlags[use], bytes, alignment };
    }),
    {
      name: '.symtab',
      type: sectionType.symbols,
      flags: 0,
      bytes: symbolsOf(symbols, numberOf, nameOffset),
      alignment: 8,
      link: symbolTable + 1 + relocated.length,
      // The first symbol that is not local: only the nameless one that every table begins with.
      information: 1,
      entryBytes: symbolBytes,
    },
    ...relocated.map(({ name, relocations = [] }): Laid => {
      return {
        name: `.rel${name}`,
        type: sectionType.relocations,
        flags: 0,
        bytes: relocationsOf(relocations, symbols),
        alignment: 8,
        link: symbolTable,
        information: numberOf(name),
        entryBytes: relocationBytes,
      };
    }),
  ];
  // All names are in the table before its own bytes are taken.
  for (const { name } of [...laid, { name: '.strtab' }]) nameOffset(name);
  laid.push({ name: '.strtab', type: sectionType.strings, flags: 0, bytes: strings.toBytes(), alignment: 1 });
  return assembleFile(laid, nameOffset);
}

function symbolsOf(
  symbols: readonly (ElfSymbol | ElfExternal)[],
  sectionNumber: (name: string) => number,
  nameOffset: (name: string) => number,
): Uint8Array {
  const bytes = new Uint8Array((symbols.length + 1) * symbolBytes);
  const view = new DataView(bytes.buffer);
  for (const [index, symbol] of symbols.entries()) {
    const at = (index + 1) * symbolBytes;
    view.setUint32(at, nameOffset(symbol.name), true);
    if (symbol.kind === 'external') {
      view.setUint8(at + 4, binding.weak << 4);
      continue;
    }
    view.setUint8(at + 4, (binding.global << 4) | symbolKind[symbol.kind]);
    view.setUint16(at + 6, sectionNumber(symbol.section), true);
    view.setBigUint64(at + 8, BigInt(symbol.offset), true);
    view.setBigUint64(at + 16, BigInt(symbol.bytes), true);
  }
  return bytes;
}

function relocationsOf(
  relocations: readonly ElfRelocation[],
  symbols: readonly (ElfSymbol | ElfExternal)[],
): Uint8Array {
  const bytes = new Uint8Array(relocations.length * relocationBytes);
  const view = new DataView(bytes.buffer);
  for (const [index, { offset, symbol, use }] of relocations.entries()) {
    const number = 1 + symbols.findIndex(({ name }) => name === symbol);
    view.setBigUint64(index * relocationBytes, BigInt(offset), true);
    view.setUint32(index * relocationBytes + 8, relocationTypes[use], true);
    view.setUint32(index * relocationBytes + 12, number, true);
  }
  return bytes;
}

/** The header, the sections one behind the other, and the table that tells where they are. */
function assembleFile(sections: readonly Laid[], nameOffset: (name: string) => number): Uint8Array {
  const offsets: number[] = [];
  let end = headerBytes;
  for (const { bytes, alignment } of sections) {
    const offset = aligned(end, alignment);
    offsets.push(offset);
    end = offset + bytes.length;
  }
  const tableOffset = aligned(end, 8);
  const file = new Uint8Array(tableOffset + (sections.length + 1) * sectionHeaderBytes);
  const view = new DataView(file.buffer);
  writeHeader(file, view, tableOffset, sections.length + 1);
  for (const [index, section] of sections.entries()) {
    const offset = offsets[index] as number;
    file.set(section.bytes, offset);
    const at = tableOffset + (index + 1) * sectionHeaderBytes;
    view.setUint32(at, nameOffset(section.name), true);
    view.setUint32(at + 4, section.type, true);
    view.setBigUint64(at + 8, BigInt(section.flags), true);
    view.setBigUint64(at + 24, BigInt(offset), true);
    view.setBigUint64(at + 32, BigInt(section.bytes.length), true);
    view.setUint32(at + 40, section.link ?? 0, true);
    view.setUint32(at + 44, section.information ?? 0, true);
    view.setBigUint64(at + 48, BigInt(section.alignment), true);
    view.setBigUint64(at + 56, BigInt(section.entryBytes ?? 0), true);
  }
  return file;
}

function writeHeader(file: Uint8Array, view: DataView, tableOffset: number, sections: number): void {
  // Magic, 64 bits, little-endian, version 1.
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, relocatable, true);
  view.setUint16(18, machineBpf, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(40, BigInt(tableOffset), true);
  view.setUint16(52, headerBytes, true);
  view.setUint16(58, sectionHeaderBytes, true);
  view.setUint16(60, sections, true);
  // The names of sections are in the last one.
  view.setUint16(62, sections - 1, true);
}

function aligned(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}

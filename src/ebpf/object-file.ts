import { btfOf, bytesOfWords, createStringTable, createTypeTable, type StringTable, type TypeTable } from './btf.ts';
import { functionTypeOf, lineInfo } from './debug-info.ts';
import { elfObject, type ElfExternal, type ElfRelocation, type ElfSymbol } from './elf.ts';
import { encode } from './encode.ts';
import type { Instruction, KernelMember } from './instruction.ts';
import { layout } from './layout.ts';
import { declareMap } from './map-declaration.ts';
import type { Program, ProgramType } from './program.ts';
import { encodeUtf8 } from './utf8.ts';

/** What an object file cannot hold: what only the process that loads a program can fill in. */
export class ObjectFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ObjectFileError';
  }
}

/** The section tells loaders how to load a program; XDP's with support for packets in several buffers. */
export const programSections: Readonly<Record<ProgramType, string>> = { xdp: 'xdp.frags', 'sched-cls': 'tc' };

const mapsSection = '.maps';
const kernelSymbolsSection = '.ksyms';
const slotBytes = 8;

/**
 * An object file with one program, as `ip link`, `tc`, `bpftool prog load` and all that use libbpf take it: code, maps,
 * licence, types and line information.
 * @throws ObjectFileError, LayoutError
 */
export function objectFile(program: Program): Uint8Array {
  const section = programSections[program.type];
  const code = encode(program.instructions, { maps: new Map(program.maps.map(({ name }) => [name, 0])) });
  const strings = createStringTable(encodeUtf8);
  const types = createTypeTable(strings);
  const functionType = functionTypeOf(types, program, 'global');
  const maps = declareMaps(program, types);
  const mapBytes = maps.reduce((sum, { bytes }) => sum + bytes, 0);
  const externals = declareKernelFunctions(program.instructions, types);
  const members = memberRecords(program.instructions, types, strings);
  const sectionName = strings.offsetOf(section);
  const lines = lineInfo(program.instructions, strings, slotBytes);
  return elfObject(
    [
      { name: section, bytes: code, use: 'code', alignment: 8, relocations: relocationsOf(program.instructions) },
      ...(mapBytes === 0
        ? []
        : [{ name: mapsSection, bytes: new Uint8Array(mapBytes), use: 'data', alignment: 8 } as const]),
      { name: 'license', bytes: encodeUtf8(`${program.license}\0`), use: 'data', alignment: 1 },
      { name: '.BTF', bytes: btfOf(types, strings), use: 'information', alignment: 4 },
      {
        name: '.BTF.ext',
        bytes: extension(sectionName, bytesOfWords([0, functionType]), lines, members),
        use: 'information',
        alignment: 4,
      },
    ],
    [{ name: program.name, kind: 'function', section, offset: 0, bytes: code.length }, ...maps, ...externals],
  );
}

/** Declares the maps as variables of their section. @returns their symbols, one behind the other */
function declareMaps({ maps }: Program, types: TypeTable): readonly ElfSymbol[] {
  const variables: [type: number, offset: number, bytes: number][] = [];
  let end = 0;
  const symbols = maps.map((map): ElfSymbol => {
    const { type, bytes } = declareMap(types, map);
    const offset = end;
    variables.push([types.variable(map.name, type), offset, bytes]);
    end += bytes;
    return { name: map.name, kind: 'object', section: mapsSection, offset, bytes };
  });
  if (variables.length > 0) types.section(mapsSection, end, variables);
  return symbols;
}

/** Declares the functions of the kernel that are known by name: `void *name(void *)`, in the section `.ksyms`. */
function declareKernelFunctions(instructions: readonly Instruction[], types: TypeTable): readonly ElfExternal[] {
  const names = new Set<string>();
  for (const each of instructions) {
    if (each.kind === 'load-kernel-function') names.add(each.function);
    if (each.kind === 'call-kernel' && typeof each.function === 'string') names.add(each.function);
  }
  if (names.size === 0) return [];
  const pointer = types.pointer(0);
  const prototype = types.prototype(pointer, [['object', pointer]]);
  const functions = [...names].map((name) => types.function(name, prototype, 'extern'));
  types.section(
    kernelSymbolsSection,
    0,
    functions.map((type) => [type, 0, 0]),
  );
  return [...names].map((name) => ({ name, kind: 'external' }));
}

/**
 * `struct bpf_core_relo` for each load of a member of one of the kernel's structures, of which only this member is
 * declared: byte of the code, type, `0:0` (the first member), what is wanted (its offset).
 */
function memberRecords(instructions: readonly Instruction[], types: TypeTable, strings: StringTable): Uint8Array {
  const structures = new Map<string, number>();
  const declare = ({ structure, name }: KernelMember): number => {
    const known = structures.get(`${structure}.${name}`);
    if (known !== undefined) return known;
    const type = types.structure(structure, 4, [[name, types.integer('unsigned int', 4, false), 0]]);
    structures.set(`${structure}.${name}`, type);
    return type;
  };
  const words = layout(instructions).placed.flatMap(({ instruction, slot }) => {
    if (instruction.kind !== 'load' || instruction.member === undefined) return [];
    return [slot * slotBytes, declare(instruction.member), strings.offsetOf('0:0'), 0];
  });
  return bytesOfWords(words);
}

function relocationsOf(instructions: readonly Instruction[]): readonly ElfRelocation[] {
  return layout(instructions).placed.flatMap(({ instruction, slot }): readonly ElfRelocation[] => {
    const offset = slot * slotBytes;
    switch (instruction.kind) {
      case 'load-map':
        return [{ offset, symbol: instruction.map, use: 'address' }];
      case 'load-kernel-function':
        return [{ offset, symbol: instruction.function, use: 'address' }];
      case 'load-map-value':
        throw new ObjectFileError(`an object file cannot hold the address of an element of the map ${instruction.map}`);
      case 'call-kernel':
        if (typeof instruction.function === 'string') return [{ offset, symbol: instruction.function, use: 'call' }];
        throw new ObjectFileError('an object file for any kernel cannot call a function by its number in one kernel');
      default:
        return [];
    }
  });
}

const extensionMagic = 0xeb9f;
const extensionHeaderBytes = 32;
const functionRecordBytes = 8;
const lineRecordBytes = 16;
const memberRecordBytes = 16;

/**
 * `.BTF.ext`: for the one section of code, its function, its lines and its loads from the kernel's structures. Offsets of
 * code are in bytes here.
 */
function extension(section: number, functions: Uint8Array, lines: Uint8Array, members: Uint8Array): Uint8Array {
  const parts = [
    recordsOf(section, functionRecordBytes, functions),
    recordsOf(section, lineRecordBytes, lines),
    members.length === 0 ? members : recordsOf(section, memberRecordBytes, members),
  ];
  let end = 0;
  const places = parts.flatMap(({ length }) => {
    const start = end;
    end += length;
    return [start, length];
  });
  return joined([bytesOfWords([extensionMagic | (1 << 16), extensionHeaderBytes, ...places]), ...parts]);
}

/** Records of one kind behind their header: their size, and for the one section how many they are. */
function recordsOf(section: number, recordBytes: number, records: Uint8Array): Uint8Array {
  return joined([bytesOfWords([recordBytes, section, records.length / recordBytes]), records]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

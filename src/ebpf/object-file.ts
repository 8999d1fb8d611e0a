import { btfOf, bytesOfWords, createStringTable, createTypeTable } from './btf.ts';
import { functionTypeOf, lineInfo } from './debug-info.ts';
import { elfObject, type ElfRelocation, type ElfSymbol } from './elf.ts';
import { encode } from './encode.ts';
import type { Instruction } from './instruction.ts';
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
  const symbols: ElfSymbol[] = [
    { name: program.name, kind: 'function', section, offset: 0, bytes: code.length },
    ...declareMaps(program, types),
  ];
  const sectionName = strings.offsetOf(section);
  const lines = lineInfo(program.instructions, strings, slotBytes);
  const mapBytes = symbols.reduce((sum, { kind, bytes }) => sum + (kind === 'object' ? bytes : 0), 0);
  return elfObject(
    [
      { name: section, bytes: code, use: 'code', alignment: 8, relocations: relocationsOf(program.instructions) },
      ...(mapBytes === 0
        ? []
        : [{ name: mapsSection, bytes: new Uint8Array(mapBytes), use: 'data', alignment: 8 } as const]),
      { name: 'license', bytes: encodeUtf8(`${program.license}\0`), use: 'data', alignment: 1 },
      { name: '.BTF', bytes: btfOf(types, strings), use: 'information', alignment: 4 },
      { name: '.BTF.ext', bytes: extension(sectionName, functionType, lines), use: 'information', alignment: 4 },
    ],
    symbols,
  );
}

/** Declares the maps as variables of their section. @returns their symbols, one behind the other */
function declareMaps({ maps }: Program, types: ReturnType<typeof createTypeTable>): readonly ElfSymbol[] {
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

function relocationsOf(instructions: readonly Instruction[]): readonly ElfRelocation[] {
  return layout(instructions).placed.flatMap(({ instruction, slot }) => {
    switch (instruction.kind) {
      case 'load-map':
        return [{ offset: slot * slotBytes, symbol: instruction.map }];
      case 'load-map-value':
        throw new ObjectFileError(`an object file cannot hold the address of an element of the map ${instruction.map}`);
      case 'call-kernel':
        throw new ObjectFileError('an object file for any kernel cannot call a function by its number in one kernel');
      default:
        return [];
    }
  });
}

const extensionMagic = 0xeb9f;
const extensionHeaderBytes = 24;
const functionRecordBytes = 8;
const lineRecordBytes = 16;

/** `.BTF.ext`: for the one section of code, its function and its lines. Offsets of code are in bytes here. */
function extension(section: number, functionType: number, lines: Uint8Array): Uint8Array {
  const functions = bytesOfWords([functionRecordBytes, section, 1, 0, functionType]);
  const lineHeader = bytesOfWords([lineRecordBytes, section, lines.length / lineRecordBytes]);
  const header = bytesOfWords([
    extensionMagic | (1 << 16),
    extensionHeaderBytes,
    0,
    functions.length,
    functions.length,
    lineHeader.length + lines.length,
  ]);
  const all = new Uint8Array(header.length + functions.length + lineHeader.length + lines.length);
  let at = 0;
  for (const part of [header, functions, lineHeader, lines]) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

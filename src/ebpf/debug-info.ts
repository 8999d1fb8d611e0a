import { btfOf, bytesOfWords, createStringTable, createTypeTable, type StringTable, type TypeTable } from './btf.ts';
import type { Instruction } from './instruction.ts';
import { lineRecords } from './line-info.ts';
import type { Program, ProgramType } from './program.ts';
import { encodeUtf8 } from './utf8.ts';

/** What PROG_LOAD wants besides the instructions, so that bpftool and the verifier's log show the user's words. */
export interface DebugInfo {
  /** For BPF_BTF_LOAD. */
  readonly btf: Uint8Array;
  /** `struct bpf_func_info` records. */
  readonly functions: Uint8Array;
  /** `struct bpf_line_info` records. */
  readonly lines: Uint8Array;
}

/** The context's type, as C calls it. */
export const contextStructure: Readonly<Record<ProgramType, string>> = { xdp: 'xdp_md', 'sched-cls': '__sk_buff' };

export function debugInfoOf(program: Program): DebugInfo {
  const strings = createStringTable(encodeUtf8);
  const types = createTypeTable(strings);
  const functionType = functionTypeOf(types, program, 'static');
  const lines = lineInfo(program.instructions, strings);
  return { btf: btfOf(types, strings), functions: bytesOfWords([0, functionType]), lines };
}

/** The type of a program as a function of its context. */
export function functionTypeOf(types: TypeTable, { name, type }: Program, linkage: 'static' | 'global'): number {
  const integer = types.integer('int', 4, true);
  const context = types.pointer(types.forward(contextStructure[type]));
  return types.function(name, types.prototype(integer, [['context', context]]), linkage);
}

const largestLine = 2 ** 22 - 1;
const largestColumn = 2 ** 10 - 1;

/**
 * `struct bpf_line_info`: slot, file name, text, line << 10 | column.
 * @param unit what a slot counts: 1 for the kernel, 8 in object files, which count bytes
 */
export function lineInfo(instructions: readonly Instruction[], strings: StringTable, unit: 1 | 8 = 1): Uint8Array {
  const words: number[] = [];
  for (const { slot, file, text, line, column } of lineRecords(instructions)) {
    const place = Math.min(line, largestLine) * 2 ** 10 + Math.min(column, largestColumn);
    words.push(slot * unit, strings.offsetOf(file), strings.offsetOf(text), place);
  }
  return bytesOfWords(words);
}

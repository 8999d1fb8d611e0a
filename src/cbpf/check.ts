import { extensionBase } from './extension.ts';
import type { Instruction } from './instruction.ts';
import * as opcode from './opcode.ts';
import { encode, meaningOf } from './raw.ts';
import type { RawInstruction } from './program.ts';

/** BPF_MAXINSNS. */
export const mostInstructions = 4096;

/** BPF_MEMWORDS: cells of M[]. */
export const scratchCells = 16;

/** Why the kernel would refuse a program; `index` is the instruction at fault, absent where it is the whole. */
export interface Violation {
  readonly index?: number;
  readonly message: string;
}

/** Thrown by those who only take programs that the kernel takes. */
export class InvalidProgramError extends Error {
  readonly violation: Violation;

  constructor(violation: Violation) {
    const place = violation.index === undefined ? '' : `instruction ${violation.index}: `;
    super(`${place}${violation.message}`);
    this.name = 'InvalidProgramError';
    this.violation = violation;
  }
}

/**
 * The rules by which the kernel accepts a program (bpf_check_classic and check_load_and_stores in net/core/filter.c,
 * unchanged in what they accept since Linux 4.7).
 * @returns the first violation, or undefined: the kernel accepts the program
 */
export function check(instructions: readonly Instruction[]): Violation | undefined {
  const count = instructions.length;
  if (count === 0) return { message: 'a program has at least one instruction' };
  if (count > mostInstructions) {
    return { message: `${count} instructions are more than the ${mostInstructions} that the kernel takes` };
  }
  const program = instructions.map(encode);
  for (const [index, instruction] of program.entries()) {
    const message = checkInstruction(instruction, count - index - 1);
    if (message !== undefined) return { index, message };
  }
  if (classOf(program[count - 1] as RawInstruction) !== opcode.classReturn) {
    return { index: count - 1, message: 'the last instruction must be ret' };
  }
  return checkScratchReads(program);
}

/** @throws InvalidProgramError */
export function requireValid(instructions: readonly Instruction[]): void {
  const violation = check(instructions);
  if (violation !== undefined) throw new InvalidProgramError(violation);
}

/** @param behind how many instructions follow */
function checkInstruction(numbers: RawInstruction, behind: number): string | undefined {
  const { code, jt, jf, k } = numbers;
  const instruction = meaningOf(numbers);
  switch (instruction.kind) {
    case 'unknown':
      return `there is no instruction with code 0x${code.toString(16)}`;
    case 'alu-constant': {
      const { operation } = instruction;
      if ((operation === 'divide' || operation === 'modulo') && k === 0) return 'division by 0';
      if ((operation === 'shift-left' || operation === 'shift-right') && k > 31) return `shift by ${k}, more than 31`;
      return undefined;
    }
    case 'load-scratch':
    case 'store-scratch':
      return k < scratchCells ? undefined : `there is no M[${k}], only M[0] to M[${scratchCells - 1}]`;
    case 'load-absolute':
      return k < extensionBase ? undefined : `the kernel has no extension at offset 0x${k.toString(16)}`;
    case 'jump':
      return k < behind ? undefined : 'jump beyond the end';
    case 'jump-if':
    case 'jump-if-index':
      return Math.max(jt, jf) < behind ? undefined : 'jump beyond the end';
    default:
      return undefined;
  }
}

/**
 * Every cell must be written before it is read. The kernel follows the order of the text: a jump carries what is written
 * so far to its targets, and so does, oddly, a `ret` to the instruction behind it.
 */
function checkScratchReads(program: readonly RawInstruction[]): Violation | undefined {
  const all = 0xffff;
  const writtenAt = new Uint16Array(program.length).fill(all);
  const narrow = (target: number, written: number) => {
    writtenAt[target] = (writtenAt[target] as number) & written;
  };
  let written = 0;
  for (const [index, instruction] of program.entries()) {
    written &= writtenAt[index] as number;
    const { code, jt, jf, k } = instruction;
    const cell = 1 << k;
    switch (classOf(instruction)) {
      case opcode.classStore:
      case opcode.classStoreIndex:
        written |= cell;
        break;
      case opcode.classLoad:
      case opcode.classLoadIndex:
        if ((code & 0xe0) === opcode.modeScratch && (written & cell) === 0) {
          return { index, message: `M[${k}] is read but not written on every way to here` };
        }
        break;
      case opcode.classJump:
        if ((code & 0xf0) === opcode.operationJumpAlways) {
          narrow(index + 1 + k, written);
        } else {
          narrow(index + 1 + jt, written);
          narrow(index + 1 + jf, written);
        }
        written = all;
    }
  }
  return undefined;
}

function classOf({ code }: RawInstruction): number {
  return code & 0x07;
}

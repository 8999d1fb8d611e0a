import { slotsOf, type Instruction } from '../instruction.ts';
import type { Program } from '../program.ts';

/** Instructions as the kernel counts them: 8-byte slots. */
export interface CodeSize {
  /** All that runs while packets are directly readable, exits and counting included. */
  readonly fast: number;
  /** The cold exact twin. */
  readonly twin: number;
}

export function codeSize({ instructions, twinStart }: Program): CodeSize {
  const start = twinStart ?? instructions.length;
  return { fast: slots(instructions.slice(0, start)), twin: slots(instructions.slice(start)) };
}

function slots(instructions: readonly Instruction[]): number {
  return instructions.reduce((sum, instruction) => sum + slotsOf(instruction), 0);
}

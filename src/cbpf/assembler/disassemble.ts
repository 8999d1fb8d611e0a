import { extensionFacts } from '../extension.ts';
import type { Condition, Instruction, JumpIf, JumpIfIndex } from '../instruction.ts';
import { mnemonicOf } from '../mnemonic.ts';
import { encode } from '../raw.ts';

/**
 * A program as text that `assemble` makes the same program of. Jumps that leave the program and raw numbers without a
 * name are written as `raw`, which bpf_asm does not know.
 */
export function disassemble(instructions: readonly Instruction[]): string {
  const labels = new Set(instructions.flatMap((instruction, index) => namedTargets(instruction, index)));
  const count = instructions.length;
  const lines = instructions.map((instruction, index) => {
    const label = labels.has(index) ? `${labelAt(index)}:` : '';
    const inside = namedTargets(instruction, index).every((target) => target <= count);
    return `${label.padEnd(8)}${inside ? statementOf(instruction, index) : rawStatement(instruction)}\n`;
  });
  const end = labels.has(count) ? `${labelAt(count)}:\n` : '';
  return lines.join('') + end;
}

function labelAt(index: number): string {
  return `L${index}`;
}

/** Words for the opposite of a condition, where bpf_asm has one. */
const opposites: Readonly<Partial<Record<Condition, string>>> = {
  equal: 'jne',
  greater: 'jle',
  'greater-or-equal': 'jlt',
};

/** The targets that a jump is written with, as numbers of instructions: one is enough where the other way goes on. */
function namedTargets(instruction: Instruction, index: number): readonly number[] {
  const next = index + 1;
  if (instruction.kind === 'jump') return [next + instruction.skip];
  if (instruction.kind !== 'jump-if' && instruction.kind !== 'jump-if-index') return [];
  const { condition, skipTrue, skipFalse } = instruction;
  if (skipFalse === 0) return [next + skipTrue];
  if (skipTrue === 0 && opposites[condition] !== undefined) return [next + skipFalse];
  return [next + skipTrue, next + skipFalse];
}

function statementOf(instruction: Instruction, index: number): string {
  const mnemonic = mnemonicOf(instruction);
  switch (instruction.kind) {
    case 'load-absolute':
      return `${mnemonic} [${instruction.offset}]`;
    case 'load-indirect':
      return `${mnemonic} [x + ${instruction.offset}]`;
    case 'load-mem-shift':
      return `${mnemonic} 4*([${instruction.offset}]&0xf)`;
    case 'load-length':
      return `${mnemonic} #len`;
    case 'load-scratch':
    case 'store-scratch':
      return `${mnemonic} M[${instruction.cell}]`;
    case 'load-extension':
      return `${mnemonic} #${extensionFacts(instruction.extension).assembler}`;
    case 'load-immediate':
    case 'alu-constant':
      return `${mnemonic} #${hexadecimal(instruction.value)}`;
    case 'alu-index':
      return `${mnemonic} x`;
    case 'negate':
    case 'tax':
    case 'txa':
      return mnemonic;
    case 'jump':
      return `${mnemonic} ${labelAt(index + 1 + instruction.skip)}`;
    case 'jump-if':
      return conditionalStatement(instruction, `#${hexadecimal(instruction.value)}`, index);
    case 'jump-if-index':
      return conditionalStatement(instruction, 'x', index);
    case 'return-constant':
      return `${mnemonic} #${instruction.value}`;
    case 'return-accumulator':
      return `${mnemonic} a`;
    case 'unknown':
      return rawStatement(instruction);
  }
}

function conditionalStatement(instruction: JumpIf | JumpIfIndex, operand: string, index: number): string {
  const { condition, skipTrue, skipFalse } = instruction;
  const negated = skipTrue === 0 && skipFalse !== 0 ? opposites[condition] : undefined;
  const targets = namedTargets(instruction, index).map(labelAt).join(', ');
  return `${negated ?? mnemonicOf(instruction)} ${operand}, ${targets}`;
}

function rawStatement(instruction: Instruction): string {
  const { code, jt, jf, k } = encode(instruction);
  return `raw ${hexadecimal(code)}, ${jt}, ${jf}, ${hexadecimal(k)}`;
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}

import type { LoadSize } from '../ir/value.ts';
import type { AluOperation, Condition, Instruction } from './instruction.ts';

/** The words that listings and assembler text have in common. */
export const loadMnemonics: Readonly<Record<LoadSize, string>> = { 4: 'ld', 2: 'ldh', 1: 'ldb' };

export const aluMnemonics: Readonly<Record<AluOperation, string>> = {
  add: 'add',
  subtract: 'sub',
  multiply: 'mul',
  divide: 'div',
  modulo: 'mod',
  and: 'and',
  or: 'or',
  xor: 'xor',
  'shift-left': 'lsh',
  'shift-right': 'rsh',
};

export const conditionMnemonics: Readonly<Record<Condition, string>> = {
  equal: 'jeq',
  greater: 'jgt',
  'greater-or-equal': 'jge',
  'any-bit': 'jset',
};

export function mnemonicOf(instruction: Instruction): string {
  switch (instruction.kind) {
    case 'load-absolute':
    case 'load-indirect':
    case 'load-extension':
      return loadMnemonics[instruction.size];
    case 'load-mem-shift':
      return 'ldxb';
    case 'load-immediate':
    case 'load-length':
    case 'load-scratch':
      return instruction.register === 'A' ? 'ld' : 'ldx';
    case 'store-scratch':
      return instruction.register === 'A' ? 'st' : 'stx';
    case 'alu-constant':
    case 'alu-index':
      return aluMnemonics[instruction.operation];
    case 'negate':
      return 'neg';
    case 'tax':
      return 'tax';
    case 'txa':
      return 'txa';
    case 'jump':
      return 'ja';
    case 'jump-if':
    case 'jump-if-index':
      return conditionMnemonics[instruction.condition];
    case 'return-constant':
    case 'return-accumulator':
      return 'ret';
    case 'unknown':
      return 'unimp';
  }
}

import type { BinaryOperator } from '../../ir/value.ts';
import { alu32Of, mov32 } from '../alu.ts';
import type { AluOperator, Operand, Register } from '../instruction.ts';
import { jumpIf32 } from '../jump.ts';
import type { Emitter } from './emitter.ts';

const aluOperators: Readonly<Record<BinaryOperator, AluOperator>> = {
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

export function isDivision(operator: BinaryOperator): boolean {
  return operator === 'divide' || operator === 'modulo';
}

function isShift(operator: BinaryOperator): boolean {
  return operator === 'shift-left' || operator === 'shift-right';
}

/**
 * `left = left operator right` with the meaning of `calculate` in `ir/value.ts`, which eBPF's own is not in two places:
 * it divides by zero (giving 0, where the value fails), and it takes shift counts modulo 32 (where all bits go).
 * @param onFailure gives the label to go to where the evaluation fails; asked only if it can
 */
export function emitBinary(
  emitter: Emitter,
  operator: BinaryOperator,
  left: Register,
  right: Operand,
  onFailure: () => string,
): void {
  if (isDivision(operator) && right === 0) {
    // Always fails. A plain jump would leave code behind it that the verifier refuses as unreachable.
    emitter.emit(mov32(left, 0), jumpIf32(left, '==', 0, onFailure()));
    return;
  }
  if (isDivision(operator) && typeof right !== 'number') emitter.emit(jumpIf32(right, '==', 0, onFailure()));
  if (isShift(operator) && typeof right !== 'number') {
    const small = emitter.freshLabel();
    emitter.emit(jumpIf32(right, '<=', 31, small), mov32(left, 0));
    emitter.place(small);
  }
  if (isShift(operator) && typeof right === 'number' && right >>> 0 > 31) emitter.emit(mov32(left, 0));
  else emitter.emit(alu32Of(aluOperators[operator], left, right));
}

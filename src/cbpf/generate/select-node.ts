import type { AssignNode, TestNode } from '../../ir/graph.ts';
import type { Compare, Test } from '../../ir/test.ts';
import { canFail, type Binary, type Value } from '../../ir/value.ts';
import { packetTypeOutgoing } from '../extension.ts';
import { storeScratch, type Condition, type Register } from '../instruction.ts';
import type { Label } from './code.ts';
import { holds } from './contents.ts';
import { emit, emitBranch, forget, learnAssigned, type Emitter } from './emitter.ts';
import { InexpressibleError } from './inexpressible.ts';
import { bringOperands, directLoad, emitMetadata, toAccumulator, toIndex } from './select-value.ts';

/** Code that evaluates a test and leaves by one of two labels. */
export function selectTest(emitter: Emitter, node: TestNode, whenTrue: Label, whenFalse: Label): void {
  const { test } = node;
  switch (test.kind) {
    case 'compare':
      selectCompare(emitter, test, whenTrue, whenFalse);
      break;
    case 'any-bit':
      selectAnyBit(emitter, test.value, test.mask, whenTrue, whenFalse);
      break;
    case 'present':
      throw new InexpressibleError({ kind: 'presence' }, node.span);
  }
}

function selectCompare(emitter: Emitter, test: Compare, whenTrue: Label, whenFalse: Label): void {
  const { operator, left, right } = test;
  const outgoing = askedDirection(test);
  if (outgoing !== undefined) {
    emitMetadata(emitter, 'direction-outgoing');
    forget(emitter, 'A');
    const [yes, no] = outgoing ? [whenTrue, whenFalse] : [whenFalse, whenTrue];
    emitBranch(emitter, 'equal', packetTypeOutgoing, yes, no);
  } else if (asksForNoBit(emitter, test)) {
    selectAnyBit(emitter, test.left.left, test.left.right, whenFalse, whenTrue);
  } else if (right.kind === 'constant') {
    toAccumulator(emitter, left);
    emitBranch(emitter, operator, right.value, whenTrue, whenFalse);
  } else if (left.kind === 'constant') {
    toAccumulator(emitter, right);
    emitSwapped(emitter, operator, left.value, whenTrue, whenFalse);
  } else if (bringOperands(emitter, left, right, true)) {
    emitSwapped(emitter, operator, 'X', whenTrue, whenFalse);
  } else {
    emitBranch(emitter, operator, 'X', whenTrue, whenFalse);
  }
}

/** Asks `operand operator A` in terms of `A operator operand`: k > A is not A >= k, k >= A is not A > k. */
function emitSwapped(
  emitter: Emitter,
  operator: Compare['operator'],
  operand: number | 'X',
  whenTrue: Label,
  whenFalse: Label,
): void {
  if (operator === 'equal') emitBranch(emitter, 'equal', operand, whenTrue, whenFalse);
  else emitBranch(emitter, swapped[operator], operand, whenFalse, whenTrue);
}

const swapped: Readonly<Record<'greater' | 'greater-or-equal', Condition>> = {
  greater: 'greater-or-equal',
  'greater-or-equal': 'greater',
};

/** A test for the direction, which is a packet type to the kernel: whether it asks for outgoing packets. */
function askedDirection(test: Test): boolean | undefined {
  if (test.kind !== 'compare' || test.operator !== 'equal') return undefined;
  const { left, right } = test;
  if (left.kind !== 'metadata' || left.field !== 'direction-outgoing' || right.kind !== 'constant') return undefined;
  return right.value > 1 ? undefined : right.value === 1;
}

/** `value & mask = 0` is `jset` the other way round, which leaves the value in A; unless the masked one is there. */
function asksForNoBit(emitter: Emitter, test: Compare): test is Compare & { readonly left: Binary } {
  const { operator, left, right } = test;
  const isZero = right.kind === 'constant' && right.value === 0;
  return operator === 'equal' && isZero && isMasking(left) && !holds(emitter.registers.A, left);
}

function isMasking(value: Value): boolean {
  return value.kind === 'binary' && value.operator === 'and';
}

function selectAnyBit(emitter: Emitter, value: Value, mask: Value, whenTrue: Label, whenFalse: Label): void {
  if (mask.kind === 'constant') {
    toAccumulator(emitter, value);
    emitBranch(emitter, 'any-bit', mask.value, whenTrue, whenFalse);
  } else if (value.kind === 'constant') {
    toAccumulator(emitter, mask);
    emitBranch(emitter, 'any-bit', value.value, whenTrue, whenFalse);
  } else {
    bringOperands(emitter, value, mask, true);
    emitBranch(emitter, 'any-bit', 'X', whenTrue, whenFalse);
  }
}

/** Code that stores a value where it will be read, and that ends where the value fails in any case. */
export function selectAssign(emitter: Emitter, { index, value }: AssignNode, isRead: boolean): void {
  if (!isRead) {
    if (canFail(value)) toAccumulator(emitter, value);
    return;
  }
  const register = registerFor(emitter, value);
  if (register === 'X') toIndex(emitter, value);
  else toAccumulator(emitter, value);
  emit(emitter, storeScratch(register, emitter.variables.cellOf(index)));
  learnAssigned(emitter, index, register);
}

/** Where a value is already, or gets to with fewer instructions. */
function registerFor(emitter: Emitter, value: Value): Register {
  if (holds(emitter.registers.A, value)) return 'A';
  if (holds(emitter.registers.X, value)) return 'X';
  const suitsIndex = value.kind === 'binary' || value.kind === 'constant';
  return suitsIndex && directLoad(emitter, value) !== undefined ? 'X' : 'A';
}

import {
  asIpv4HeaderLength,
  type Binary,
  type BinaryOperator,
  type Load,
  type Metadata,
  type MetadataField,
  type Value,
} from '../../ir/value.ts';
import { packetTypeOutgoing, type Extension } from '../extension.ts';
import {
  aluConstant,
  aluIndex,
  loadAbsolute,
  loadExtension,
  loadImmediate,
  loadIndirect,
  loadLength,
  loadMemShift,
  loadScratch,
  negate,
  storeScratch,
  tax,
  txa,
  type Instruction,
} from '../instruction.ts';
import { goTo } from './code.ts';
import { holds } from './contents.ts';
import {
  boundsOf,
  emit,
  emitBranch,
  emitLabel,
  forget,
  learn,
  learnCopy,
  newLabel,
  withCell,
  type Emitter,
} from './emitter.ts';
import { InexpressibleError } from './inexpressible.ts';
import { endOfOffsets, joinOffset, splitOffset } from './simplify.ts';

/** Brings a value into A. X may change unless `usesIndex` says no. */
export function toAccumulator(emitter: Emitter, value: Value): void {
  if (holds(emitter.registers.A, value)) return;
  if (holds(emitter.registers.X, value)) {
    emit(emitter, txa);
    learnCopy(emitter, 'A', 'X');
    return;
  }
  compute(emitter, value);
  learn(emitter, 'A', value);
}

/** Brings a value into X. A may change unless `directLoad` knows the value. */
export function toIndex(emitter: Emitter, value: Value): void {
  if (holds(emitter.registers.X, value)) return;
  const direct = directLoad(emitter, value);
  if (direct !== undefined && !holds(emitter.registers.A, value)) {
    emit(emitter, direct);
    learn(emitter, 'X', value);
    return;
  }
  toAccumulator(emitter, value);
  emit(emitter, tax);
  learnCopy(emitter, 'X', 'A');
}

/** The instruction that brings a value into X without touching A, where there is one. */
export function directLoad(emitter: Emitter, value: Value): Instruction | undefined {
  switch (value.kind) {
    case 'constant':
      return loadImmediate('X', value.value);
    case 'length':
      return loadLength('X');
    case 'variable':
      return loadScratch('X', emitter.variables.cellOf(value.index));
    case 'binary': {
      const offset = asIpv4HeaderLength(value);
      return offset === undefined ? undefined : loadMemShift(offset);
    }
    default:
      return undefined;
  }
}

function compute(emitter: Emitter, value: Value): void {
  switch (value.kind) {
    case 'constant':
      emit(emitter, loadImmediate('A', value.value));
      break;
    case 'length':
      emit(emitter, loadLength('A'));
      break;
    case 'variable':
      emit(emitter, loadScratch('A', emitter.variables.cellOf(value.index)));
      break;
    case 'metadata':
      computeMetadata(emitter, value);
      break;
    case 'load':
      computeLoad(emitter, value);
      break;
    case 'lookup':
      throw new InexpressibleError({ kind: 'table', name: value.table.name });
    case 'binary':
      computeBinary(emitter, value);
      break;
  }
}

function computeMetadata(emitter: Emitter, { field }: Metadata): void {
  emitMetadata(emitter, field);
  if (field !== 'direction-outgoing') return;
  // The packet type is 0 … 7 (three bits of an skb). 0 becomes 1 and all others 0 by (8 − type xor 4) >> 3.
  emit(emitter, aluConstant('xor', packetTypeOutgoing));
  emit(emitter, aluConstant('subtract', 8));
  emit(emitter, negate);
  emit(emitter, aluConstant('shift-right', 3));
}

const extensionOf: Readonly<Record<MetadataField, Extension>> = {
  'vlan-present': 'vlan-present',
  'vlan-tci': 'vlan-tci',
  'vlan-protocol': 'vlan-protocol',
  'interface-index': 'interface-index',
  'direction-outgoing': 'packet-type',
  mark: 'mark',
};

/** @throws InexpressibleError in a program for captures */
export function emitMetadata(emitter: Emitter, field: MetadataField): void {
  if (emitter.target === 'capture') throw new InexpressibleError({ kind: 'metadata', field }, emitter.span);
  emit(emitter, loadExtension(extensionOf[field]));
}

function computeLoad(emitter: Emitter, { offset, size }: Load): void {
  if (offset.kind === 'constant') {
    emit(emitter, loadAbsolute(offset.value, size));
    return;
  }
  const split = splitOffset(offset);
  if (boundsOf(emitter, split.base).greatest + split.displacement + size <= endOfOffsets) {
    toIndex(emitter, split.base);
    emit(emitter, loadIndirect(split.displacement, size));
    return;
  }
  // The sum may wrap, which `[x + k]` does in the kernel but not in libpcap: it is computed beforehand.
  toAccumulator(emitter, joinOffset(split));
  if (emitter.target === 'socket') failUnlessBelowEndOfOffsets(emitter);
  emit(emitter, tax);
  learnCopy(emitter, 'X', 'A');
  emit(emitter, loadIndirect(0, size));
}

/** The kernel reads an index from 2^31 on as a negative one, which may lead to a header or to metadata. */
function failUnlessBelowEndOfOffsets(emitter: Emitter): void {
  const inside = newLabel(emitter);
  emitBranch(emitter, 'greater-or-equal', endOfOffsets, emitter.failure, inside);
  emitLabel(emitter, inside);
}

function computeBinary(emitter: Emitter, { operator, left, right }: Binary): void {
  if (right.kind === 'constant') {
    computeWithConstant(emitter, operator, left, right.value);
  } else if (left.kind === 'constant' && isCommutative(operator)) {
    computeWithConstant(emitter, operator, right, left.value);
  } else if (isShift(operator) && emitter.target === 'socket' && boundsOf(emitter, right).greatest > 31) {
    computeGuardedShift(emitter, operator, left, right);
  } else {
    bringOperands(emitter, left, right, isCommutative(operator));
    emit(emitter, aluIndex(operator));
  }
}

function computeWithConstant(emitter: Emitter, operator: BinaryOperator, left: Value, right: number): void {
  toAccumulator(emitter, left);
  // The kernel refuses constant shifts by more than 31, whose result is 0.
  const instruction = isShift(operator) && right > 31 ? aluConstant('and', 0) : aluConstant(operator, right);
  emit(emitter, instruction);
}

/** The kernel shifts by the lower five bits of X only; a shift by 32 or more is 0 here. */
function computeGuardedShift(emitter: Emitter, operator: BinaryOperator, left: Value, right: Value): void {
  const [far, near, done] = [newLabel(emitter), newLabel(emitter), newLabel(emitter)];
  withCell(emitter, (cell) => {
    toAccumulator(emitter, left);
    emit(emitter, storeScratch('A', cell));
    toAccumulator(emitter, right);
    emitBranch(emitter, 'greater', 31, far, near);
    emitLabel(emitter, near);
    emit(emitter, tax);
    emit(emitter, loadScratch('A', cell));
    emit(emitter, aluIndex(operator));
    emitter.items.push(goTo(done));
    emitLabel(emitter, far);
    emit(emitter, loadImmediate('A', 0));
    emitLabel(emitter, done);
  });
  forget(emitter, 'X');
}

/**
 * Brings two values into A and X: the left one into A unless `swappable` allows the other way round.
 * @returns whether they came the other way round
 */
export function bringOperands(emitter: Emitter, left: Value, right: Value, swappable: boolean): boolean {
  // A direct load leaves A as it is, and so does the transfer that stands for it where A holds the same value.
  if (directLoad(emitter, right) !== undefined) {
    toAccumulator(emitter, left);
    toIndex(emitter, right);
    return false;
  }
  if (swappable && directLoad(emitter, left) !== undefined) {
    toAccumulator(emitter, right);
    toIndex(emitter, left);
    return true;
  }
  if (!usesIndex(left)) {
    toIndex(emitter, right);
    toAccumulator(emitter, left);
    return false;
  }
  if (swappable && !usesIndex(right)) {
    toIndex(emitter, left);
    toAccumulator(emitter, right);
    return true;
  }
  return bringOverScratch(emitter, left, right, swappable);
}

/** Both need X while they are computed. The one that needs more cells goes first, so that fewer are taken at a time. */
function bringOverScratch(emitter: Emitter, left: Value, right: Value, swappable: boolean): boolean {
  const leftFirst = cellsNeeded(left) > cellsNeeded(right);
  const [first, second] = leftFirst ? [left, right] : [right, left];
  withCell(emitter, (cell) => {
    toAccumulator(emitter, first);
    emit(emitter, storeScratch('A', cell));
    if (leftFirst && !swappable) {
      toIndex(emitter, second);
      emit(emitter, loadScratch('A', cell));
      learn(emitter, 'A', first);
    } else {
      toAccumulator(emitter, second);
      emit(emitter, loadScratch('X', cell));
      learn(emitter, 'X', first);
    }
  });
  return leftFirst && swappable;
}

/** How many cells computing a value takes, guards aside: good enough to order operands by. */
function cellsNeeded(value: Value): number {
  if (value.kind === 'load') return cellsNeeded(value.offset);
  if (value.kind !== 'binary') return 0;
  const left = cellsNeeded(value.left);
  const right = cellsNeeded(value.right);
  if (!usesIndex(value.left) || !usesIndex(value.right)) return Math.max(left, right);
  return Math.max(left, right, Math.min(left, right) + 1);
}

/** Whether computing a value into A may change X. */
function usesIndex(value: Value): boolean {
  if (value.kind === 'load') return value.offset.kind !== 'constant';
  if (value.kind !== 'binary') return false;
  if (value.right.kind === 'constant') return usesIndex(value.left);
  if (value.left.kind === 'constant' && isCommutative(value.operator)) return usesIndex(value.right);
  return true;
}

function isCommutative(operator: BinaryOperator): boolean {
  return operator === 'add' || operator === 'multiply' || operator === 'and' || operator === 'or' || operator === 'xor';
}

function isShift(operator: BinaryOperator): boolean {
  return operator === 'shift-left' || operator === 'shift-right';
}

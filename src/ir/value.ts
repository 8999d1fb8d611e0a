import { tableKey, type TableReference } from './table.ts';

/**
 * Values are 32-bit unsigned numbers computed from a packet. Evaluating one may fail: a load outside the captured
 * bytes, a division by zero. Offsets are those of the frame on the wire, counted from the first byte of the link
 * header; where a hook shows the frame otherwise, `view.ts` rewrites the graph.
 */

export type LoadSize = 1 | 2 | 4;

/** Arithmetic wraps at 32 bits; division and remainder by zero fail; a shift by 32 or more gives 0. */
export type BinaryOperator =
  'add' | 'subtract' | 'multiply' | 'divide' | 'modulo' | 'and' | 'or' | 'xor' | 'shift-left' | 'shift-right';

/**
 * What the kernel knows beside the bytes. `vlan-present` is 0 or 1; the tag fields are meaningful only where it is 1.
 * `direction-outgoing` is 1 for a packet that this host sent.
 */
export type MetadataField =
  'vlan-present' | 'vlan-tci' | 'vlan-protocol' | 'interface-index' | 'direction-outgoing' | 'mark';

export interface Constant {
  readonly kind: 'constant';
  /** 0 … 2^32 − 1. */
  readonly value: number;
}

/** Big-endian bytes of the packet; fails unless `offset + size` (computed without wrapping) is within the capture. */
export interface Load {
  readonly kind: 'load';
  readonly offset: Value;
  readonly size: LoadSize;
}

/** The packet's length on the wire, not the captured length. */
export interface Length {
  readonly kind: 'length';
}

export interface Metadata {
  readonly kind: 'metadata';
  readonly field: MetadataField;
}

/** What an `assign` node stored earlier on every path to here. */
export interface Variable {
  readonly kind: 'variable';
  readonly index: number;
}

export interface Binary {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Value;
  readonly right: Value;
}

/** What a table holds for a key: 0 where it holds nothing. */
export interface Lookup {
  readonly kind: 'lookup';
  readonly table: TableReference;
  /** As many values as the table's key space says, each within its bits. */
  readonly key: readonly Value[];
}

export type Value = Constant | Load | Length | Metadata | Variable | Binary | Lookup;

export const packetLength: Length = { kind: 'length' };

/** @param value any number; taken modulo 2^32 */
export function constant(value: number): Constant {
  return { kind: 'constant', value: value >>> 0 };
}

export function load(offset: Value | number, size: LoadSize): Load {
  return { kind: 'load', offset: typeof offset === 'number' ? constant(offset) : offset, size };
}

export function metadata(field: MetadataField): Metadata {
  return { kind: 'metadata', field };
}

export function variable(index: number): Variable {
  return { kind: 'variable', index };
}

export function lookup(table: TableReference, ...key: readonly Value[]): Lookup {
  return { kind: 'lookup', table, key };
}

/**
 * A binary operation, folded where both sides are constants (except a division by a constant zero, which must stay to
 * fail), simplified where an operand is neutral, a constant on the right where the sides may change places.
 */
export function binary(operator: BinaryOperator, left: Value, right: Value): Value {
  if (left.kind === 'constant' && right.kind === 'constant') {
    const result = calculate(operator, left.value, right.value);
    if (result !== undefined) return constant(result);
  }
  if (left.kind === 'constant' && isCommutative(operator)) [left, right] = [right, left];
  if (right.kind === 'constant' && right.value === 0 && isNeutralZero(operator)) return left;
  return { kind: 'binary', operator, left, right };
}

function isCommutative(operator: BinaryOperator): boolean {
  return ['add', 'multiply', 'and', 'or', 'xor'].includes(operator);
}

function isNeutralZero(operator: BinaryOperator): boolean {
  switch (operator) {
    case 'add':
    case 'subtract':
    case 'or':
    case 'xor':
    case 'shift-left':
    case 'shift-right':
      return true;
    default:
      return false;
  }
}

export function add(left: Value, right: Value | number): Value {
  return binary('add', left, typeof right === 'number' ? constant(right) : right);
}

export function bitAnd(left: Value, mask: number): Value {
  return binary('and', left, constant(mask));
}

/**
 * 32-bit unsigned arithmetic, the one definition that all folding and interpreting uses.
 * @returns undefined where the operation fails (division or remainder by zero)
 */
export function calculate(operator: BinaryOperator, left: number, right: number): number | undefined {
  switch (operator) {
    case 'add':
      return (left + right) >>> 0;
    case 'subtract':
      return (left - right) >>> 0;
    case 'multiply':
      return Math.imul(left, right) >>> 0;
    case 'divide':
      return right === 0 ? undefined : Math.floor(left / right);
    case 'modulo':
      return right === 0 ? undefined : left % right;
    case 'and':
      return (left & right) >>> 0;
    case 'or':
      return (left | right) >>> 0;
    case 'xor':
      return (left ^ right) >>> 0;
    case 'shift-left':
      return right > 31 ? 0 : (left << right) >>> 0;
    case 'shift-right':
      return right > 31 ? 0 : left >>> right;
  }
}

/** The direct operands of a value. */
export function operandsOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case 'load':
      return [value.offset];
    case 'binary':
      return [value.left, value.right];
    case 'lookup':
      return value.key;
    default:
      return [];
  }
}

/** Whether evaluating the value can fail. */
export function canFail(value: Value): boolean {
  if (value.kind === 'load') return true;
  if (value.kind === 'binary' && (value.operator === 'divide' || value.operator === 'modulo')) {
    if (value.right.kind !== 'constant' || value.right.value === 0) return true;
  }
  return operandsOf(value).some(canFail);
}

/**
 * The length in bytes of the IPv4 header at a constant offset, `4 * (first byte & 15)`, in the one shape that back
 * ends recognise (classic BPF has an instruction for it).
 */
export function ipv4HeaderLength(offset: Value | number): Value {
  return binary('shift-left', bitAnd(load(offset, 1), 0x0f), constant(2));
}

/** If the value is `ipv4HeaderLength(k)` for a constant k: that k. */
export function asIpv4HeaderLength(value: Value): number | undefined {
  if (value.kind !== 'binary' || value.operator !== 'shift-left') return undefined;
  if (value.right.kind !== 'constant' || value.right.value !== 2) return undefined;
  const masked = value.left;
  if (masked.kind !== 'binary' || masked.operator !== 'and') return undefined;
  if (masked.right.kind !== 'constant' || masked.right.value !== 0x0f) return undefined;
  const byte = masked.left;
  if (byte.kind !== 'load' || byte.size !== 1 || byte.offset.kind !== 'constant') return undefined;
  return byte.offset.value;
}

/** A text that is equal for equal values and no others: the key of value numbering. */
export function valueKey(value: Value): string {
  switch (value.kind) {
    case 'constant':
      return String(value.value);
    case 'load':
      return `[${valueKey(value.offset)}:${value.size}]`;
    case 'length':
      return 'len';
    case 'metadata':
      return value.field;
    case 'variable':
      return `v${value.index}`;
    case 'lookup':
      return `{${tableKey(value.table)}: ${value.key.map(valueKey).join(' ')}}`;
    case 'binary':
      return `(${valueKey(value.left)} ${value.operator} ${valueKey(value.right)})`;
  }
}

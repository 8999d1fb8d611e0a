import type { CompareOperator, Test } from '../../ir/test.ts';
import { constant, type Load, type Value } from '../../ir/value.ts';
import type { Condition } from '../instruction.ts';

/**
 * The byte order in which a value is computed: `network` leaves a load's bytes as they lie in memory, which on a
 * little-endian host is the number with its bytes swapped. Equality and bit tests do not mind, if the constant is
 * swapped too, and that costs nothing at run time.
 */
export type Order = 'host' | 'network';

/** The comparison that decides a test: constants on the right, both sides in one byte order. */
export interface Comparison {
  readonly left: Value;
  readonly condition: Extract<Condition, '==' | '>' | '>=' | '<' | '<=' | '&'>;
  readonly right: Value;
  readonly order: Order;
}

/** @param isAtHand whether a value is already computed in the host's order, which then costs less than another load */
export function comparisonOf(
  test: Exclude<Test, { kind: 'present' }>,
  isAtHand: (value: Value) => boolean = () => false,
): Comparison {
  const [first, second] = test.kind === 'compare' ? [test.left, test.right] : [test.value, test.mask];
  const operator = test.kind === 'compare' ? test.operator : 'any-bit';
  const swapped = first.kind === 'constant' && second.kind !== 'constant';
  const [left, right] = swapped ? [second, first] : [first, second];
  const condition = swapped ? mirroredConditions[operator] : conditions[operator];
  const minds = condition !== '==' && condition !== '&';
  const size = minds || isAtHand(left) ? undefined : networkSize(left);
  if (size !== undefined && right.kind === 'constant' && (condition === '&' || fits(right.value, size))) {
    return { left, condition, right: constant(swapBytes(right.value, size)), order: 'network' };
  }
  if (condition === '==' && left.kind === 'load' && right.kind === 'load' && left.size === right.size) {
    return { left, condition, right, order: 'network' };
  }
  return { left, condition, right, order: 'host' };
}

const conditions: Readonly<Record<CompareOperator | 'any-bit', Comparison['condition']>> = {
  equal: '==',
  greater: '>',
  'greater-or-equal': '>=',
  'any-bit': '&',
};

const mirroredConditions: Readonly<Record<CompareOperator | 'any-bit', Comparison['condition']>> = {
  equal: '==',
  greater: '<',
  'greater-or-equal': '<=',
  'any-bit': '&',
};

/** The bytes of the load whose swapping a comparison can spare: of a load, or of a load and a constant mask. */
function networkSize(value: Value): 2 | 4 | undefined {
  const loaded = asMaskedLoad(value)?.load ?? value;
  return loaded.kind === 'load' && loaded.size !== 1 ? loaded.size : undefined;
}

/** If the value is `load & constant`: its parts. */
export function asMaskedLoad(value: Value): { readonly load: Load; readonly mask: number } | undefined {
  if (value.kind !== 'binary' || value.operator !== 'and') return undefined;
  const { left, right } = value;
  return left.kind === 'load' && right.kind === 'constant' ? { load: left, mask: right.value } : undefined;
}

function fits(value: number, size: 2 | 4): boolean {
  return size === 4 || value <= 0xffff;
}

/** The number whose bytes in memory are those of `value` in the other order; bits above `size` bytes are lost. */
export function swapBytes(value: number, size: 1 | 2 | 4): number {
  if (size === 1) return value & 0xff;
  if (size === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

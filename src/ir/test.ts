import { constant, valueKey, type Value } from './value.ts';

/**
 * One question about a packet, answered true, false, or not at all (it *fails*, because evaluating a value failed).
 * Comparisons are unsigned.
 */
export type Test = Compare | AnyBit | Present;

export type CompareOperator = 'equal' | 'greater' | 'greater-or-equal';

export interface Compare {
  readonly kind: 'compare';
  readonly operator: CompareOperator;
  readonly left: Value;
  readonly right: Value;
}

/** Whether any bit of `mask` is set in `value` (classic BPF's `jset`). */
export interface AnyBit {
  readonly kind: 'any-bit';
  readonly value: Value;
  readonly mask: Value;
}

/**
 * Whether `size` bytes at `offset` lie within the captured packet: false, not failure, where they do not. It fails
 * only if evaluating `offset` does.
 */
export interface Present {
  readonly kind: 'present';
  readonly offset: Value;
  readonly size: number;
}

export function equal(left: Value, right: Value | number): Compare {
  return compare('equal', left, right);
}

export function compare(operator: CompareOperator, left: Value, right: Value | number): Compare {
  return { kind: 'compare', operator, left, right: typeof right === 'number' ? constant(right) : right };
}

export function anyBit(value: Value, mask: Value | number): AnyBit {
  return { kind: 'any-bit', value, mask: typeof mask === 'number' ? constant(mask) : mask };
}

export function present(offset: Value | number, size: number): Present {
  return { kind: 'present', offset: typeof offset === 'number' ? constant(offset) : offset, size };
}

/** The values that a test evaluates, in order. */
export function valuesOf(test: Test): readonly Value[] {
  switch (test.kind) {
    case 'compare':
      return [test.left, test.right];
    case 'any-bit':
      return [test.value, test.mask];
    case 'present':
      return [test.offset];
  }
}

/** The same test over other values, given in the order of `valuesOf`. */
export function withValues(test: Test, values: readonly Value[]): Test {
  const [first, second] = values as readonly [Value, Value];
  switch (test.kind) {
    case 'compare':
      return { ...test, left: first, right: second };
    case 'any-bit':
      return { ...test, value: first, mask: second };
    case 'present':
      return { ...test, offset: first };
  }
}

/** The answer for known operands. `limit` is the captured length, which only `present` asks for. */
export function decide(test: Test, first: number, second: number, limit: number): boolean {
  switch (test.kind) {
    case 'compare':
      switch (test.operator) {
        case 'equal':
          return first === second;
        case 'greater':
          return first > second;
        case 'greater-or-equal':
          return first >= second;
      }
      break;
    case 'any-bit':
      return (first & second) !== 0;
    case 'present':
      return first + test.size <= limit;
  }
}

/** A text that is equal for equal tests and no others. */
export function testKey(test: Test): string {
  const values = valuesOf(test).map(valueKey).join(' ');
  switch (test.kind) {
    case 'compare':
      return `${test.operator} ${values}`;
    case 'any-bit':
      return `any-bit ${values}`;
    case 'present':
      return `present ${values} ${test.size}`;
  }
}

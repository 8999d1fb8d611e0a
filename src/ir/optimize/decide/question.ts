import { rangeOf, type Range } from '../../range.ts';
import { testKey, valuesOf, type Test } from '../../test.ts';
import { bitAnd, operandsOf, valueKey, type Value } from '../../value.ts';

/**
 * A test seen as `value ∈ members`. A test that compares two values that are both computed is a question of its own,
 * true or false: it has no value.
 */
export interface Question {
  /** Equal for questions about the same value. */
  readonly key: string;
  readonly testKey: string;
  readonly value: Value | undefined;
  /** Those that the test reads. */
  readonly variables: readonly number[];
  /** Sorted, not adjacent; all numbers that the value can be and for which the test is true. */
  readonly members: readonly Range[];
  /** The greatest number that the value can be. */
  readonly greatest: number;
  /** The answer, where the members are none or all. */
  readonly answer: boolean | undefined;
}

export function questionOf(test: Test): Question {
  const asked = askedOf(test);
  const variables = valuesOf(test).flatMap(variablesOf);
  if (asked === undefined) {
    const key = testKey(test);
    const members = [{ least: 1, greatest: 1 }];
    return { key, testKey: key, value: undefined, variables, members, greatest: 1, answer: undefined };
  }
  const { greatest } = rangeOf(asked.value);
  const members = asked.members
    .filter(({ least }) => least <= greatest)
    .map((range) => ({ least: range.least, greatest: Math.min(range.greatest, greatest) }));
  const all = members.length === 1 && members[0]?.least === 0 && members[0].greatest === greatest;
  const answer = members.length === 0 ? false : all ? true : undefined;
  const { value } = asked;
  return { key: valueKey(value), testKey: testKey(test), value, variables, members, greatest, answer };
}

interface Asked {
  readonly value: Value;
  readonly members: readonly Range[];
}

function askedOf(test: Test): Asked | undefined {
  if (test.kind === 'present') return undefined;
  const [value, operand] = test.kind === 'compare' ? [test.left, test.right] : [test.value, test.mask];
  if (operand.kind !== 'constant' || value.kind === 'constant') return undefined;
  if (test.kind === 'any-bit') return anyBitOf(value, operand.value);
  switch (test.operator) {
    case 'equal':
      return equalTo(value, operand.value);
    case 'greater':
      return { value, members: from(operand.value + 1) };
    case 'greater-or-equal':
      return { value, members: from(operand.value) };
  }
}

const last = 0xffff_ffff;

function from(least: number): readonly Range[] {
  return least > last ? [] : [{ least, greatest: last }];
}

/** `x & prefix mask = n` is a range of x. */
function equalTo(value: Value, number: number): Asked {
  if (value.kind === 'binary' && value.operator === 'and' && value.right.kind === 'constant') {
    const mask = withinValue(value.left, value.right.value);
    const low = mask === undefined ? undefined : rangeOf(value.left).greatest - mask;
    if (mask !== undefined && low !== undefined) {
      const inside = (number & mask) >>> 0 === number;
      return { value: value.left, members: inside ? [{ least: number, greatest: number + low }] : [] };
    }
  }
  return { value, members: [{ least: number, greatest: number }] };
}

/** A bit of the highest n: not below the least of them. Else: the bits are not all 0. */
function anyBitOf(value: Value, bits: number): Asked {
  const mask = withinValue(value, bits);
  if (mask !== undefined) return { value, members: from(rangeOf(value).greatest - mask + 1) };
  return { value: bitAnd(value, bits), members: from(1) };
}

/** The bits of a mask that a value can have, if they are the highest ones of it, all down to some bit. */
function withinValue(value: Value, bits: number): number | undefined {
  const { greatest } = rangeOf(value);
  if (greatest === 0 || (greatest & (greatest + 1)) !== 0) return undefined;
  const mask = (bits & greatest) >>> 0;
  const low = greatest - mask;
  return mask !== 0 && (low & (low + 1)) === 0 ? mask : undefined;
}

function variablesOf(value: Value): readonly number[] {
  return value.kind === 'variable' ? [value.index] : operandsOf(value).flatMap(variablesOf);
}

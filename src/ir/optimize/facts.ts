import { decide, type Test } from '../test.ts';
import { valueKey, type Value } from '../value.ts';

/**
 * What is known about values at a place of the graph because of the tests on every path to it. A fact also says that
 * the value was evaluated without failing, so a test that a fact decides can go away without moving a failure.
 */
export type Facts = ReadonlyMap<string, Fact>;

interface Fact {
  /** The one number that the value is. */
  readonly known?: number;
  /** Numbers that it is not. */
  readonly excluded: readonly number[];
}

export const noFacts: Facts = new Map();

/** Bounds on what is remembered keep long lists linear; what is forgotten is only asked again. */
const mostValues = 24;
const mostExcluded = 16;

/** The answer of a test over a constant where the facts tell it. */
export function answerOf(test: Test, facts: Facts): boolean | undefined {
  const asked = askedValue(test);
  const fact = asked && facts.get(valueKey(asked.value));
  if (asked === undefined || fact === undefined) return undefined;
  if (fact.known !== undefined) return decide(test, fact.known, asked.operand, 0);
  const isEqual = test.kind === 'compare' && test.operator === 'equal';
  return isEqual && fact.excluded.includes(asked.operand) ? false : undefined;
}

/** The facts behind a test that was answered. */
export function learn(facts: Facts, test: Test, answer: boolean): Facts {
  if (test.kind !== 'compare' || test.operator !== 'equal') return facts;
  const asked = askedValue(test);
  if (asked === undefined) return facts;
  const key = valueKey(asked.value);
  const excluded = facts.get(key)?.excluded ?? [];
  const fact: Fact = answer
    ? { known: asked.operand, excluded: [] }
    : { excluded: [...excluded, asked.operand].slice(-mostExcluded) };
  const others = [...facts].filter(([other]) => other !== key).slice(1 - mostValues);
  return new Map([...others, [key, fact]]);
}

/** The facts that still hold when a variable gets another value. */
export function forgetVariable(facts: Facts, index: number): Facts {
  const name = valueKey({ kind: 'variable', index });
  return new Map([...facts].filter(([key]) => !key.includes(name)));
}

/** What holds on both of two ways. */
export function common(first: Facts, second: Facts): Facts {
  const both = new Map<string, Fact>();
  for (const [key, one] of first) {
    const other = second.get(key);
    if (other !== undefined) both.set(key, commonFact(one, other));
  }
  return both;
}

function commonFact(one: Fact, other: Fact): Fact {
  if (one.known !== undefined && one.known === other.known) return one;
  const candidates = one.known === undefined ? one.excluded : other.excluded;
  return { excluded: candidates.filter((value) => excludes(one, value) && excludes(other, value)) };
}

function excludes(fact: Fact, value: number): boolean {
  return fact.known === undefined ? fact.excluded.includes(value) : fact.known !== value;
}

function askedValue(test: Test): { readonly value: Value; readonly operand: number } | undefined {
  if (test.kind === 'present') return undefined;
  const [value, operand] = test.kind === 'compare' ? [test.left, test.right] : [test.value, test.mask];
  return operand.kind === 'constant' ? { value, operand: operand.value } : undefined;
}

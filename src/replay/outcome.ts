import { match, noMatch, verdictKey, type Verdict } from '../ir/verdict.ts';

/** Stands for the outcome where an engine cannot express a packet: too long for it, say, or cut short. */
export const notExpressed = 0xffff;

export const noMatchOutcome = 0;
export const matchOutcome = 1;

/**
 * How packets can end, numbered, so that engines can write columns of small numbers. A table serves one replay: all
 * its engines and link types agree on the numbers.
 */
export interface OutcomeTable {
  /** By number. Grows as verdicts are met; the first two are always `no-match` and `match`. */
  readonly verdicts: readonly Verdict[];
  /** The number of a verdict, a new one where it was not met before. */
  numberOf(verdict: Verdict): number;
}

export function createOutcomeTable(): OutcomeTable {
  const verdicts: Verdict[] = [noMatch, match];
  const numbers = new Map(verdicts.map((verdict, number) => [verdictKey(verdict), number]));
  return {
    verdicts,
    numberOf(verdict) {
      const key = verdictKey(verdict);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      numbers.set(key, verdicts.length);
      return verdicts.push(verdict) - 1;
    },
  };
}

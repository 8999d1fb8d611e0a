import type { Span } from '../ir/span.ts';

/** A test of a policy: packets, and what is expected to become of them. */
export interface PolicyTest {
  /** What reports call it: its name, or its subject as it was written. */
  readonly title: string;
  readonly subject: TestSubject;
  readonly expectation: Expectation;
  readonly span: Span;
}

export type TestSubject =
  /** One frame of link type EN10MB. */
  { readonly kind: 'frame'; readonly bytes: Uint8Array } | { readonly kind: 'capture'; readonly path: string };

export type Expectation =
  /** Every packet ends so, and, if that is said, by that rule. */
  | { readonly kind: 'verdict'; readonly verdict: string; readonly rule: string | undefined }
  /** So many packets end so; what is not named does not matter. */
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<string, number>> };

/** An expectation as it is written. */
export function printExpectation(expectation: Expectation): string {
  if (expectation.kind === 'counts') return printCounts(expectation.counts);
  return printDecision(expectation.verdict, expectation.rule);
}

export function printDecision(verdict: string, rule: string | undefined): string {
  if (rule === undefined) return verdict;
  return `${verdict} by ${rule === 'default' || rule === 'malformed' ? rule : `"${rule}"`}`;
}

export function printCounts(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([verdict, packets]) => `${verdict} ${packets}`)
    .join(', ');
}

import type { LinkType } from '../ir/link-type.ts';
import type { Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';

/** A checked policy: its matches are compiled, its names are unique, what is left is to build the graph. */
export interface Policy {
  readonly name: string;
  readonly linkType: LinkType;
  /** Tried in order. */
  readonly rules: readonly Rule[];
  readonly defaultAction: EndingAction;
}

export interface Rule {
  readonly name: string;
  readonly match: Predicate;
  readonly action: RuleAction;
  readonly span?: Span;
}

/** Actions that end the evaluation. */
export type EndingAction = 'pass' | 'drop';

/** `count` goes on to the next rule. */
export type RuleAction = EndingAction | 'count';

/** Counters that every policy has behind those of its rules; no rule may take these names. */
export const reservedNames = ['default', 'malformed'] as const;

/** What each counter counts, by its index: the rules in order, then `default`, then `malformed`. */
export function counterNames(policy: Policy): readonly string[] {
  return [...policy.rules.map((rule) => rule.name), ...reservedNames];
}

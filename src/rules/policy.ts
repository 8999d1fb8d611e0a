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
  /** Whether the graph finds out once, before the rules, what all of them ask; their `known` is then compiled for it. */
  readonly sharedHeaders?: SharedHeaders;
}

export interface SharedHeaders {
  /** Whether rules differ by how many VLAN tags a frame has: `known` has then one predicate for each number, 0 … 2. */
  readonly tags: boolean;
  /** Whether some rule asks where the IPv6 transport header lies. */
  readonly transport: boolean;
  /** Of the policy, for the tests that belong to no rule. */
  readonly span: Span;
}

export type Rule = RuleOutcome & {
  readonly name: string;
  /** By itself: it looks for tags and transport headers as far as the policy wants. */
  readonly match: Predicate;
  /** The same by the number of tags, for a graph with `sharedHeaders`. */
  readonly known?: readonly Predicate[];
  /** Counts what it would do, and goes on to the next rule. */
  readonly audit?: boolean;
  readonly span?: Span;
};

export type RuleOutcome =
  | { readonly action: EndingAction | 'count' | 'tx' }
  | { readonly action: 'mark'; readonly mark: number }
  | { readonly action: 'redirect'; readonly target: RedirectTarget };

export interface RedirectTarget {
  readonly interface: string;
  readonly interfaceIndex: number;
}

/** Actions that end the evaluation for packets that no rule ends. */
export type EndingAction = 'pass' | 'drop';

/** What a bare filter can do at a hook. */
export type FilterAction = EndingAction | 'count';

/** `count` and `mark` go on to the next rule, the others end. */
export type RuleAction = RuleOutcome['action'];

/** Counters that every policy has behind those of its rules; no rule may take these names. */
export const reservedNames = ['default', 'malformed'] as const;

/** What each counter counts, by its index: the rules in order, then `default`, then `malformed`. */
export function counterNames(policy: Policy): readonly string[] {
  return [...policy.rules.map((rule) => rule.name), ...reservedNames];
}

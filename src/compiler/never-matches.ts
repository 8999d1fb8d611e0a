import { exit, graphOf, topologicalOrder } from '../ir/graph.ts';
import { optimize } from '../ir/optimize/index.ts';
import { and, type Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';
import type { LinkType } from '../ir/link-type.ts';
import { match, noMatch } from '../ir/verdict.ts';
import type { Diagnostic } from './diagnostic.ts';
import * as diagnostics from './diagnostics.ts';

/** A part of a filter that must hold for the whole to hold. */
export interface Clause {
  readonly predicate: Predicate;
  readonly span: Span;
}

/** Larger filters are not looked at: lists of thousands of hosts are no contradictions, and looking takes time. */
const mostNodes = 600;

/** Pairs are tried one by one. */
const mostClauses = 16;

/**
 * A warning where no packet can match, which names the clauses in conflict where two of them are enough.
 * @param clauses what the filter joins with `and`; one where it joins nothing
 */
export function warnOfNeverMatching(
  linkType: LinkType,
  whole: Clause,
  clauses: readonly Clause[],
): readonly Diagnostic[] {
  if (!neverMatches(linkType, whole.predicate)) return [];
  const alone = clauses.find(({ predicate }) => neverMatches(linkType, predicate));
  if (alone !== undefined) return [diagnostics.neverMatches(alone.span)];
  const pair = conflictingPair(linkType, clauses.slice(0, mostClauses));
  return [pair === undefined ? diagnostics.neverMatches(whole.span) : diagnostics.clausesExclude(...pair)];
}

function conflictingPair(linkType: LinkType, clauses: readonly Clause[]): readonly [Span, Span] | undefined {
  for (const [i, second] of clauses.entries()) {
    const first = clauses.slice(0, i).find(({ predicate }) => neverMatches(linkType, and(predicate, second.predicate)));
    if (first !== undefined) return [first.span, second.span];
  }
  return undefined;
}

function neverMatches(linkType: LinkType, predicate: Predicate): boolean {
  const matching = exit(match);
  const entry = graphOf(predicate, matching, exit(noMatch), exit(noMatch));
  if (topologicalOrder(entry).length > mostNodes) return false;
  const { entry: optimized } = optimize({ linkType, entry });
  return !topologicalOrder(optimized).some((node) => node.kind === 'exit' && node.verdict.kind === 'match');
}

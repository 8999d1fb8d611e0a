import { count, exit, graphOf, type Graph, type Node } from '../ir/graph.ts';
import type { Predicate } from '../ir/predicate.ts';
import type { ActionVerdict } from '../ir/verdict.ts';
import { malformedGraph } from './malformed.ts';
import type { Policy, Rule } from './policy.ts';
import { behindSharedHeaders } from './shared-headers.ts';

export interface PolicyGraphOptions {
  /** Without counters `default` and `malformed` are one, since both get the default action. */
  readonly counters: boolean;
}

/**
 * The graph of a policy. Built from the last rule upwards: where a rule does not match, or fails because a load lies
 * outside the packet, the next one is tried; behind the last stands the question whether the packet is malformed.
 */
export function policyGraph(policy: Policy, options: PolicyGraphOptions): Graph {
  const counted = (counter: number, next: Node): Node => (options.counters ? count(counter, next) : next);
  const defaultIndex = policy.rules.length;
  const defaultExit = exit({ kind: policy.defaultAction });
  const byDefault = counted(defaultIndex, defaultExit);
  const malformed = counted(defaultIndex + 1, defaultExit);
  const end = options.counters ? malformedGraph(policy.linkType, malformed, byDefault) : byDefault;

  const chain = (matchOf: (rule: Rule) => Predicate): Node => {
    let entry = end;
    for (let index = policy.rules.length - 1; index >= 0; index--) {
      const rule = policy.rules[index] as Rule;
      const next = entry;
      const verdict = endingVerdict(rule);
      const matched = counted(index, verdict === undefined ? next : exit(verdict, rule.span));
      entry = graphOf(matchOf(rule), matched, next, next);
    }
    return entry;
  };
  const { sharedHeaders, linkType } = policy;
  if (sharedHeaders === undefined) return { linkType, entry: chain((rule) => rule.match) };
  return {
    linkType,
    entry: behindSharedHeaders(linkType, sharedHeaders, (tags) => chain((rule) => knownMatch(rule, tags))),
  };
}

function knownMatch({ known, match }: Rule, tags: number): Predicate {
  return known?.[tags] ?? match;
}

/** What the rule does with a packet that it ends; undefined where it goes on to the next rule. */
export function endingVerdict(rule: Rule): ActionVerdict | undefined {
  return rule.audit === true ? undefined : verdictOf(rule);
}

/** What the rule would do, were it not for `audit`. */
export function verdictOf(rule: Rule): ActionVerdict | undefined {
  switch (rule.action) {
    case 'pass':
    case 'drop':
      return { kind: rule.action };
    case 'tx':
      return { kind: 'transmit' };
    case 'redirect':
      return { kind: 'redirect', interfaceIndex: rule.target.interfaceIndex };
    case 'count':
    case 'mark':
      return undefined;
  }
}

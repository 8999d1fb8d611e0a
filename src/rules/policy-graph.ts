import { count, exit, graphOf, type Graph, type Node } from '../ir/graph.ts';
import { malformedGraph } from './malformed.ts';
import type { Policy, Rule } from './policy.ts';

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
  let entry = options.counters ? malformedGraph(policy.linkType, malformed, byDefault) : byDefault;

  for (let index = policy.rules.length - 1; index >= 0; index--) {
    const { action, match, span } = policy.rules[index] as Rule;
    const next = entry;
    const matched = counted(index, action === 'count' ? next : exit({ kind: action }, span));
    entry = graphOf(match, matched, next, next);
  }
  return { linkType: policy.linkType, entry };
}

import type { LinkType } from '../ir/link-type.ts';
import { optimize } from '../ir/optimize/index.ts';
import type { ProgramSource } from '../replay/engine-run.ts';
import { counterNames, type Policy } from '../rules/policy.ts';
import { policyGraph } from '../rules/policy-graph.ts';
import type { PolicyFile } from '../rules/read-policy.ts';
import { entriesOfTable } from '../rules/table-entries.ts';

/** The same policy for packets of any link type. */
export type PolicyFor = (linkType: LinkType) => PolicyFile;

/** A policy as engines run it: the graph that is attached, its counters, its sets as the files say them. */
export function programOfPolicy(policyFor: PolicyFor): ProgramSource {
  return {
    programFor(linkType) {
      const { policy, sets } = policyFor(linkType);
      return {
        graph: optimize(policyGraph(policy, { counters: true })),
        counters: counterNames(policy).length,
        tables: (table) => entriesOfTable(sets, table),
      };
    },
  };
}

/** Asks for the policy of each link type once. */
export function remembering(policyFor: PolicyFor): PolicyFor {
  const known = new Map<LinkType, PolicyFile>();
  return (linkType) => {
    const policy = known.get(linkType) ?? policyFor(linkType);
    known.set(linkType, policy);
    return policy;
  };
}

/** The counters of which every packet adds to exactly one: those of ending rules, default and malformed. */
export function endingCounters(policy: Policy, ends: (rule: Policy['rules'][number]) => boolean): readonly boolean[] {
  return [...policy.rules.map(ends), true, true];
}

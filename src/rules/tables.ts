import { topologicalOrder, type Graph } from '../ir/graph.ts';
import { tablesOf as tablesHolding } from '../ir/table-contents.ts';
import { tableKey, type TableReference, type Tables } from '../ir/table.ts';
import { valuesOf } from '../ir/test.ts';
import { operandsOf, type Value } from '../ir/value.ts';
import { contentsOfSets, type PolicySet } from './policy-set.ts';

/** The tables that a graph looks into, each once. */
export function tablesOf({ entry }: Graph): readonly TableReference[] {
  const found = new Map<string, TableReference>();
  const seen = new Set<Value>();
  for (const node of topologicalOrder(entry)) {
    const open = node.kind === 'test' ? [...valuesOf(node.test)] : node.kind === 'assign' ? [node.value] : [];
    for (let value = open.pop(); value !== undefined; value = open.pop()) {
      if (seen.has(value)) continue;
      seen.add(value);
      if (value.kind === 'lookup') found.set(tableKey(value.table), value.table);
      open.push(...operandsOf(value));
    }
  }
  return [...found.values()];
}

/**
 * The sets of a policy as its file says them, for programs that run outside the kernel. A dynamic set has no more than
 * the file gives it; a set that is not declared, which has been reported, is empty.
 */
export function tablesOfSets(sets: ReadonlyMap<string, PolicySet>): Tables {
  const tables = tablesHolding(contentsOfSets(sets));
  return (table, key) => (sets.has(table.name) ? tables(table, key) : 0);
}

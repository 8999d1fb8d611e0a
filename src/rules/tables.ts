import { topologicalOrder, type Graph } from '../ir/graph.ts';
import { tableKey, type KeySpace, type TableReference, type Tables } from '../ir/table.ts';
import { valuesOf } from '../ir/test.ts';
import { operandsOf, type Value } from '../ir/value.ts';
import type { PolicySet } from './policy-set.ts';
import { entriesOfElement } from './table-entries.ts';

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
 * the file gives it.
 */
export function tablesOfSets(sets: ReadonlyMap<string, PolicySet>): Tables {
  const memberships = new Map<string, (key: readonly number[]) => boolean>();
  return (table, key) => {
    const name = tableKey(table);
    const holds = memberships.get(name) ?? membership(sets.get(table.name), table.space);
    memberships.set(name, holds);
    return Number(holds(key));
  };
}

/** Elements by prefix length, the first bits of each as a text: as many questions as there are lengths. */
function membership(set: PolicySet | undefined, space: KeySpace): (key: readonly number[]) => boolean {
  const byLength = new Map<number, Set<string>>();
  for (const element of set?.elements ?? []) {
    for (const { key, prefixLength = Infinity } of entriesOfElement(element, space)) {
      const elements = byLength.get(prefixLength) ?? new Set<string>();
      byLength.set(prefixLength, elements.add(firstBits(key, prefixLength)));
    }
  }
  return (key) => [...byLength].some(([length, elements]) => elements.has(firstBits(key, length)));
}

function firstBits(key: readonly number[], length: number): string {
  return key.map((word, index) => masked(word, length - 32 * index)).join(' ');
}

function masked(word: number, bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? word : (word & (0xffffffff << (32 - bits))) >>> 0;
}

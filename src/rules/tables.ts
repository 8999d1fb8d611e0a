import { topologicalOrder, type Graph } from '../ir/graph.ts';
import { tableKey, type KeySpace, type TableReference, type Tables } from '../ir/table.ts';
import { valuesOf } from '../ir/test.ts';
import { operandsOf, type Value } from '../ir/value.ts';
import type { PolicySet, SetElement } from './policy-set.ts';

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
  const tables = new Map<string, (key: readonly number[]) => boolean>();
  return (table, key) => {
    const known = tables.get(tableKey(table));
    if (known !== undefined) return Number(known(key));
    const holds = membership(sets.get(table.name)?.elements ?? [], table.space);
    tables.set(tableKey(table), holds);
    return Number(holds(key));
  };
}

function membership(elements: readonly SetElement[], space: KeySpace): (key: readonly number[]) => boolean {
  switch (space) {
    case 'ipv4':
      return networkMembership(elements, 4);
    case 'ipv6':
      return networkMembership(elements, 16);
    case 'port': {
      const ports = new Uint8Array(0x10000);
      for (const element of elements) if (element.kind === 'ports') ports.fill(1, element.first, element.last + 1);
      return ([port = 0]) => ports[port] === 1;
    }
    case 'mac': {
      const addresses = new Set(elements.map((element) => (element.kind === 'mac' ? hex(element.address) : '')));
      return ([high = 0, low = 0]) => addresses.has(hexWord(high, 8) + hexWord(low, 4));
    }
  }
}

/** Networks by prefix length, each a set of its first bits: as many questions as there are lengths. */
function networkMembership(elements: readonly SetElement[], size: 4 | 16): (key: readonly number[]) => boolean {
  const byLength = new Map<number, Set<string>>();
  for (const element of elements) {
    if (element.kind !== 'network' || element.address.length !== size) continue;
    const networks = byLength.get(element.prefixLength) ?? new Set<string>();
    byLength.set(element.prefixLength, networks.add(hex(element.address)));
  }
  return (key) => {
    for (const [length, networks] of byLength) {
      if (networks.has(key.map((word, index) => hexWord(masked(word, length - 32 * index), 8)).join(''))) return true;
    }
    return false;
  };
}

function masked(word: number, bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? word : (word & (0xffffffff << (32 - bits))) >>> 0;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function hexWord(word: number, digits: number): string {
  return word.toString(16).padStart(digits, '0');
}

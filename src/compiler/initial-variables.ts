import { graphOf, exit, successorsOf, topologicalOrder, type Node } from '../ir/graph.ts';
import { and, assigning, type Predicate } from '../ir/predicate.ts';
import { valuesOf } from '../ir/test.ts';
import { constant, operandsOf, type Value } from '../ir/value.ts';
import { match, noMatch } from '../ir/verdict.ts';

/**
 * The predicate with 0 stored first in every variable that some path reads without having stored into it. Text behind
 * `geneve or …` speaks of the inner frame, and a packet that is no tunnel gets there too; libpcap reads scratch memory
 * then that nobody wrote.
 * @param stored variables that hold something before the filter begins
 */
export function withInitialVariables(predicate: Predicate, stored: readonly number[]): Predicate {
  const unassigned = readBeforeAssigned(graphOf(predicate, exit(match), exit(noMatch), exit(noMatch)));
  const initial = [...unassigned]
    .filter((index) => !stored.includes(index))
    .sort((a, b) => a - b)
    .map((index) => assigning(index, constant(0)));
  return initial.length === 0 ? predicate : and(...initial, predicate);
}

function readBeforeAssigned(entry: Node): ReadonlySet<number> {
  const unassigned = new Set<number>();
  /** The variables that hold something on every path to a node, one bit each. */
  const assigned = new Map<Node, number>([[entry, 0]]);
  for (const node of topologicalOrder(entry)) {
    const known = assigned.get(node) ?? 0;
    for (const index of variablesIn(valuesAt(node))) if ((known & (1 << index)) === 0) unassigned.add(index);
    for (const successor of successorsOf(node)) {
      const stored = node.kind === 'assign' && successor === node.next ? known | (1 << node.index) : known;
      assigned.set(successor, (assigned.get(successor) ?? stored) & stored);
    }
  }
  return unassigned;
}

function valuesAt(node: Node): readonly Value[] {
  switch (node.kind) {
    case 'test':
      return valuesOf(node.test);
    case 'assign':
      return [node.value];
    case 'count':
    case 'exit':
      return [];
  }
}

function variablesIn(values: readonly Value[]): ReadonlySet<number> {
  const found = new Set<number>();
  const open = [...values];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (value.kind === 'variable') found.add(value.index);
    open.push(...operandsOf(value));
  }
  return found;
}

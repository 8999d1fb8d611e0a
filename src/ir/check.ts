import { successorsOf, topologicalOrder, type Graph, type Node } from './graph.ts';
import { valuesOf } from './test.ts';
import { operandsOf, type Value } from './value.ts';

/**
 * What every graph must be, whichever pass made it: variables are assigned on every path before they are read,
 * constants are 32-bit, counters are in range. A violation is a bug of ours, never of the user.
 * @returns one line per violation; none for a sound graph
 */
export function checkGraph(graph: Graph, counters = Number.POSITIVE_INFINITY): readonly string[] {
  const order = topologicalOrder(graph.entry);
  const numbers = new Map(order.map((node, index) => [node, index]));
  const assigned = new Map<Node, ReadonlySet<number>>([[graph.entry, new Set()]]);
  const problems: string[] = [];
  for (const node of order) {
    const known = assigned.get(node) as ReadonlySet<number>;
    const where = `node ${numbers.get(node)}`;
    for (const value of valuesOfNode(node))
      checkValue(value, known, (problem) => problems.push(`${where}: ${problem}`));
    if (node.kind === 'count' && !(Number.isInteger(node.counter) && node.counter >= 0 && node.counter < counters)) {
      problems.push(`${where}: counter ${node.counter} of ${counters}`);
    }
    for (const successor of new Set(successorsOf(node))) {
      const after = node.kind === 'assign' && successor === node.next ? new Set([...known, node.index]) : known;
      // A failing assignment that goes on to the same node as a successful one has stored nothing.
      const sure = node.kind === 'assign' && node.next === node.whenFailing ? known : after;
      assigned.set(successor, intersection(assigned.get(successor), sure));
    }
  }
  return problems;
}

function valuesOfNode(node: Node): readonly Value[] {
  if (node.kind === 'test') return valuesOf(node.test);
  return node.kind === 'assign' ? [node.value] : [];
}

function checkValue(value: Value, assigned: ReadonlySet<number>, report: (problem: string) => void): void {
  if (value.kind === 'variable' && !assigned.has(value.index))
    report(`variable ${value.index} is read before it is assigned`);
  if (value.kind === 'constant' && value.value >>> 0 !== value.value) report(`constant ${value.value} is not 32-bit`);
  for (const operand of operandsOf(value)) checkValue(operand, assigned, report);
}

function intersection(known: ReadonlySet<number> | undefined, more: ReadonlySet<number>): ReadonlySet<number> {
  return known === undefined ? more : new Set([...known].filter((index) => more.has(index)));
}

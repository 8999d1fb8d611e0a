import { topologicalOrder, type Node } from './graph.ts';
import { anyNumber, rangeOf, type Range } from './range.ts';

/** The bounds of each variable where a node is entered; an index that is not in it may be anything. */
export type VariableRanges = ReadonlyMap<number, Range>;

/**
 * Bounds of the variables at every node, from what the assignments on the paths to it store. One walk suffices because
 * the graph is acyclic.
 */
export function variableRanges(entry: Node): ReadonlyMap<Node, VariableRanges> {
  const ranges = new Map<Node, VariableRanges>([[entry, new Map()]]);
  const arrive = (node: Node, known: VariableRanges): void => {
    const before = ranges.get(node);
    ranges.set(node, before === undefined ? known : union(before, known));
  };
  for (const node of topologicalOrder(entry)) {
    const known = ranges.get(node) as VariableRanges;
    switch (node.kind) {
      case 'test':
        for (const successor of new Set([node.whenTrue, node.whenFalse, node.whenFailing])) arrive(successor, known);
        break;
      case 'assign': {
        const stored = rangeOf(node.value, (index) => known.get(index) ?? anyNumber);
        arrive(node.next, new Map([...known, [node.index, stored]]));
        arrive(node.whenFailing, known);
        break;
      }
      case 'count':
        arrive(node.next, known);
        break;
      case 'exit':
    }
  }
  return ranges;
}

function union(first: VariableRanges, second: VariableRanges): VariableRanges {
  if (first === second) return first;
  const both = new Map<number, Range>();
  for (const [index, one] of first) {
    const other = second.get(index);
    if (other === undefined) continue;
    both.set(index, { least: Math.min(one.least, other.least), greatest: Math.max(one.greatest, other.greatest) });
  }
  return both;
}

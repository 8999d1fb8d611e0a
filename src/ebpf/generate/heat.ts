import type { Node } from '../../ir/graph.ts';

/**
 * How many of the packets come to each node, were every test as often true as false: of all that may be tuned for one
 * part of a graph at another's cost, the part near the entry comes first.
 * @param order the nodes, each before its successors
 */
export function heatOf(
  order: readonly Node[],
  continuations: (node: Node) => readonly Node[],
): ReadonlyMap<Node, number> {
  const heat = new Map<Node, number>();
  const [entry] = order;
  if (entry !== undefined) heat.set(entry, 1);
  for (const node of order) {
    const successors = continuations(node);
    const share = (heat.get(node) ?? 0) / successors.length;
    for (const successor of successors) heat.set(successor, (heat.get(successor) ?? 0) + share);
  }
  return heat;
}

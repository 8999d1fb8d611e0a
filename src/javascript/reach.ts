import type { Node } from '../ir/graph.ts';
import { valuesOf } from '../ir/test.ts';
import { constantReach } from './expression.ts';

/**
 * For every node, how many captured bytes are certain when it is entered, because every path to it has checked them:
 * what was checked once need not be checked again.
 * @param order every node before its successors
 */
export function certainReach(order: readonly Node[]): ReadonlyMap<Node, number> {
  const certain = new Map<Node, number>();
  const [entry] = order;
  if (entry !== undefined) certain.set(entry, 0);
  const arrive = (node: Node, reach: number): void => {
    certain.set(node, Math.min(certain.get(node) ?? Infinity, reach));
  };
  for (const node of order) {
    const reach = certain.get(node) as number;
    const after = Math.max(reach, reachOf(node));
    switch (node.kind) {
      case 'exit':
        break;
      case 'count':
        arrive(node.next, reach);
        break;
      case 'assign':
        arrive(node.next, after);
        arrive(node.whenFailing, reach);
        break;
      case 'test': {
        const { test } = node;
        const found = test.kind === 'present' && test.offset.kind === 'constant' ? test.offset.value + test.size : 0;
        arrive(node.whenTrue, Math.max(after, found));
        arrive(node.whenFalse, after);
        arrive(node.whenFailing, reach);
      }
    }
  }
  return certain;
}

/** The captured length that a node's loads at constant offsets need. */
export function reachOf(node: Node): number {
  switch (node.kind) {
    case 'test':
      return Math.max(...valuesOf(node.test).map(constantReach));
    case 'assign':
      return constantReach(node.value);
    default:
      return 0;
  }
}

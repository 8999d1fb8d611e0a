import type { Node } from '../../ir/graph.ts';
import type { HookShape } from '../hook-shape.ts';
import { fastSuccessorsOf, isFast } from './fast-nodes.ts';
import { needsOf, type Needs } from './needs.ts';
import { mentionsVariable } from './variable.ts';

/**
 * A bounds check is stretched to what comes after, but not beyond these: the shortest frame on an Ethernet wire (a
 * frame that long never falls into the twin for a check that its own tests do not need), and behind a computed
 * offset an Ethernet header and the shortest TCP header.
 */
const stretchFromStart = 60;
const stretchFromBase = 34;

const none: Needs = new Map();

/**
 * For each node of the fast path, how far a check made there should reach: as far as the node needs, and on as far as
 * everything that may be asked afterwards needs anyway. What follows a packet's last question does not count, for
 * there nothing is read.
 * @param order the nodes of the fast path, each before its successors
 */
export function anticipatedNeeds(order: readonly Node[], shape: HookShape): ReadonlyMap<Node, Needs> {
  const anticipated = new Map<Node, Needs>();
  // Nodes behind which (themselves included) something is asked.
  const asking = new Set<Node>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as Node;
    const continuations = fastSuccessorsOf(node, shape).filter((successor) => asking.has(successor));
    if (node.kind === 'test' || node.kind === 'assign' || continuations.length > 0) asking.add(node);
    const after = continuations.map((successor) => anticipated.get(successor) ?? none).reduce(commonNeeds, undefined);
    anticipated.set(node, atLeast(isFast(node, shape) ? needsOf(node) : none, without(after ?? none, node)));
  }
  return anticipated;
}

function commonNeeds(first: Needs | undefined, second: Needs): Needs {
  if (first === undefined || first === second) return second;
  const common = new Map<string, number>();
  for (const [key, end] of first) {
    const other = second.get(key);
    if (other !== undefined) common.set(key, Math.min(end, other));
  }
  return common;
}

function atLeast(own: Needs, after: Needs): Needs {
  if (own.size === 0) return after;
  const result = new Map(own);
  for (const [key, end] of after) {
    const most = key === '' ? stretchFromStart : stretchFromBase;
    const stretched = Math.min(end, most);
    if (stretched > (result.get(key) ?? 0)) result.set(key, stretched);
  }
  return result;
}

/** An assignment gives another meaning to what is computed from its variable. */
function without(needs: Needs, node: Node): Needs {
  if (node.kind !== 'assign') return needs;
  return new Map([...needs].filter(([key]) => !mentionsVariable(key, node.index)));
}

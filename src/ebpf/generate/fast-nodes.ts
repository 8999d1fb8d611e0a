import { successorsOf, type Node } from '../../ir/graph.ts';
import { canFail, operandsOf, type Value } from '../../ir/value.ts';
import type { HookShape } from '../hook-shape.ts';
import { isDivision } from './arithmetic.ts';
import { asksTable } from './lookup.ts';
import { isDirect, needsOf, nodeValues } from './needs.ts';
import { registerNeed, registersForValues } from './registers.ts';

/** Whether the fast path deals with a node: what it reads is directly readable, its values fit the registers. */
export function isFast(node: Node, { packetAccess }: HookShape): boolean {
  const [first, second] = nodeValues(node);
  if (
    !isDirect(needsOf(node), packetAccess) ||
    !nodeValues(node).every((value) => registerNeed(value) < registersForValues)
  )
    return false;
  const secondIsPlain = second === undefined || second.kind === 'constant';
  return nodeValues(node).every((value) => !asksTable(value)) || (secondIsPlain && asksOnlyFirst(first as Value));
}

/** Whether a table is asked before anything else is computed: a lookup is a call, over which no register is kept. */
function asksOnlyFirst(value: Value): boolean {
  if (value.kind === 'lookup') return !value.key.some(asksTable);
  return value.kind === 'binary' && value.right.kind === 'constant' && asksOnlyFirst(value.left);
}

/**
 * Where the fast path goes on from a node. There a load never fails and bytes are always present, for where they are
 * not, the cold twin has taken over; only a division by zero still fails.
 */
export function fastSuccessorsOf(node: Node, shape: HookShape): readonly Node[] {
  if (!isFast(node, shape)) return [];
  switch (node.kind) {
    case 'test': {
      const { test, whenTrue, whenFalse, whenFailing } = node;
      const failing = nodeValues(node).some(mayDivideByZero) ? [whenFailing] : [];
      return test.kind === 'present' ? [whenTrue, ...failing] : [whenTrue, whenFalse, ...failing];
    }
    case 'assign':
      return mayDivideByZero(node.value) ? [node.next, node.whenFailing] : [node.next];
    default:
      return successorsOf(node);
  }
}

function mayDivideByZero(value: Value): boolean {
  if (!canFail(value)) return false;
  if (value.kind === 'binary' && isDivision(value.operator)) {
    if (value.right.kind !== 'constant' || value.right.value === 0) return true;
  }
  return operandsOf(value).some(mayDivideByZero);
}

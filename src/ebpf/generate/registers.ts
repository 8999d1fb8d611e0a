import type { Node } from '../../ir/graph.ts';
import { operandsOf, type Value } from '../../ir/value.ts';
import type { HookShape } from '../hook-shape.ts';
import type { Register } from '../instruction.ts';
import { asksTable } from './lookup.ts';
import { nodeValues } from './needs.ts';

/** Which register holds what in the fast path. */
export interface RegisterPlan {
  /** `calling`: helpers are called on the way, so what is needed later stands in registers that survive calls. */
  readonly kind: 'leaf' | 'calling';
  readonly context: Register;
  readonly data: Register;
  readonly dataEnd: Register;
  /** For everything else, the cheapest first. */
  readonly pool: readonly Register[];
  /** Where the pointer of the most used computed offset is kept, so that it is the same on all paths. */
  readonly pointerHome: Register;
  /** Where the packet's length is kept, if it is a helper that tells it. */
  readonly lengthHome?: Register;
}

/** Lost in a call. */
export const callerSaved: readonly Register[] = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5'];

/** r6–r9 cost the program a push and a pop each, so they come last. */
const leafPlan: RegisterPlan = {
  kind: 'leaf',
  context: 'r1',
  data: 'r2',
  dataEnd: 'r3',
  pool: ['r5', 'r0', 'r4', 'r9', 'r8', 'r7', 'r6'],
  pointerHome: 'r4',
};

const callingPlan: RegisterPlan = {
  kind: 'calling',
  context: 'r6',
  data: 'r7',
  dataEnd: 'r8',
  pool: ['r1', 'r2', 'r3', 'r4', 'r5', 'r0'],
  pointerHome: 'r9',
};

const lengthPlan: RegisterPlan = { ...callingPlan, pointerHome: 'r5', lengthHome: 'r9' };

/**
 * Values that need more registers than this are left to the twin, which computes on the stack. The pools are larger by
 * the pointer's home and one register for bounds checks.
 */
export const registersForValues = 4;

/** @param nodes the nodes of the graph */
export function choosePlan(nodes: readonly Node[], shape: HookShape): RegisterPlan {
  const lengthByHelper = shape.length.kind === 'helper';
  if (lengthByHelper && nodes.some((node) => nodeValues(node).some(readsLength))) return lengthPlan;
  return nodes.some((node) => needsContextAfterCall(node, shape)) ? callingPlan : leafPlan;
}

function needsContextAfterCall(node: Node, shape: HookShape): boolean {
  if (nodeValues(node).some(asksTable)) return true;
  if (node.kind === 'count') return node.next.kind !== 'exit';
  return node.kind === 'exit' && shape.exitOf(node.verdict).kind === 'reflect';
}

export function readsLength(value: Value): boolean {
  return value.kind === 'length' || operandsOf(value).some(readsLength);
}

/**
 * Registers that computing a value takes when of two operands the more demanding one is computed first (Sethi and
 * Ullman's numbers): a tree of n leaves never needs more than log2(n) + 1.
 */
export function registerNeed(value: Value): number {
  if (value.kind === 'load') return registerNeed(value.offset);
  if (value.kind === 'lookup') return Math.max(...value.key.map(registerNeed));
  if (value.kind !== 'binary') return 1;
  const left = registerNeed(value.left);
  if (value.right.kind === 'constant') return left;
  const right = registerNeed(value.right);
  return left === right ? left + 1 : Math.max(left, right);
}

import { successorsOf, topologicalOrder, type AssignNode, type Node, type TestNode } from '../../ir/graph.ts';
import type { Present } from '../../ir/test.ts';
import { operandsOf, valueKey, type Value } from '../../ir/value.ts';
import { add, mov, rsh } from '../alu.ts';
import type { HookShape } from '../hook-shape.ts';
import type { Register } from '../instruction.ts';
import { jump, jumpIf } from '../jump.ts';
import { load, store } from '../memory.ts';
import { comparisonOf } from './comparison.ts';
import { createCounting, type Counting } from './count.ts';
import { branch, goTo, type Edges } from './edges.ts';
import type { Emitter } from './emitter.ts';
import type { Exits } from './exits.ts';
import { nodeValues } from './needs.ts';
import type { RegisterPlan } from './registers.ts';
import type { StackFrame } from './stack-frame.ts';
import { emitReading, evaluateBothInTwin, evaluateInTwin, type TwinState } from './twin-value.ts';
import { mentionsVariable, variableSlot } from './variable.ts';

export interface TwinOptions {
  readonly emitter: Emitter;
  readonly shape: HookShape;
  readonly frame: StackFrame;
  readonly plan: RegisterPlan;
  readonly exits: Exits;
  /** The nodes at which the fast path gives up, with the labels that it jumped to. */
  readonly entries: ReadonlyMap<Node, string>;
}

type Inner = Exclude<Node, { kind: 'exit' }>;

/** Loads that come more than once get a stack slot each, up to this many. */
const keptLoads = 32;

/**
 * The cold exact twin: the graph once more, from the nodes at which the fast path may give up, with every load done by
 * the helper that finds bytes wherever they lie, in the order written. A load outside the packet fails, as it should.
 */
export function emitTwin(entry: Node, options: TwinOptions): void {
  const { emitter, shape, frame, plan, exits, entries } = options;
  const order = reachableInOrder(entry, entries);
  const incoming = new Map<Node, Set<string>>();
  const labels = new Map<Node, string>();
  const labelOf = (node: Node): string => {
    const label = labels.get(node) ?? `cold${labels.size}`;
    labels.set(node, label);
    return label;
  };
  const loadContext = (register: Register): void => {
    if (plan.kind === 'calling') emitter.emit(mov(register, plan.context));
    else emitter.emit(load(8, register, 'r10', contextSlot(frame)));
  };
  const state: TwinState = {
    emitter,
    shape,
    frame,
    loadContext,
    kept: loadsThatComeAgain(order),
    available: new Set(),
    failing: () => '',
    waiting: 0,
  };
  const reach = (node: Node): string => {
    if (node.kind === 'exit') return exits.labelOf(node.verdict);
    incoming.set(node, intersection(incoming.get(node), state.available));
    return labelOf(node);
  };
  const edges: Edges = { emitter, exits, reach, next: undefined };
  const countNodes = order.filter((node) => node.kind === 'count');
  const counting = createCounting(emitter, shape, frame, countNodes, 'cold', () => loadContext('r1'));

  for (const [node, label] of entries) {
    emitter.at(node.span);
    emitter.place(label);
    if (plan.kind === 'leaf') emitter.emit(store(8, 'r10', contextSlot(frame), plan.context));
    emitter.emit(jump(reach(node)));
  }
  for (const [index, node] of order.entries()) {
    emitter.at(node.span);
    emitter.place(labelOf(node));
    state.available = new Set(incoming.get(node));
    state.failing = () => reach((node as TestNode | AssignNode).whenFailing);
    edges.next = order[index + 1];
    emitNode(state, edges, counting, node);
  }
}

function contextSlot(frame: StackFrame): number {
  return frame.slot('context', 8);
}

function reachableInOrder(entry: Node, entries: ReadonlyMap<Node, string>): readonly Inner[] {
  const reached = new Set(entries.keys());
  const order: Inner[] = [];
  for (const node of topologicalOrder(entry)) {
    if (!reached.has(node) || node.kind === 'exit') continue;
    order.push(node);
    for (const successor of successorsOf(node)) reached.add(successor);
  }
  return order;
}

/** Keys of the loads that more than one test or assignment does, the most frequent ones if they are many. */
function loadsThatComeAgain(order: readonly Node[]): ReadonlySet<string> {
  const uses = new Map<string, number>();
  const visit = (value: Value): void => {
    if (value.kind === 'load') uses.set(valueKey(value), (uses.get(valueKey(value)) ?? 0) + 1);
    operandsOf(value).forEach(visit);
  };
  for (const node of order) nodeValues(node).forEach(visit);
  const again = [...uses].filter(([, count]) => count > 1).sort((a, b) => b[1] - a[1]);
  return new Set(again.slice(0, keptLoads).map(([key]) => key));
}

function intersection(first: ReadonlySet<string> | undefined, second: ReadonlySet<string>): Set<string> {
  return new Set(first === undefined ? second : [...first].filter((key) => second.has(key)));
}

function emitNode(state: TwinState, edges: Edges, counting: Counting, node: Inner): void {
  switch (node.kind) {
    case 'test':
      return emitTest(state, edges, node);
    case 'assign':
      evaluateInTwin(state, node.value, 'r0', 'host');
      state.emitter.emit(store(4, 'r10', variableSlot(state.frame, node.index), 'r0'));
      for (const key of state.available) if (mentionsVariable(key, node.index)) state.available.delete(key);
      return goTo(edges, node.next);
    case 'count':
      return counting.emitCount(edges, node);
  }
}

function emitTest(state: TwinState, edges: Edges, { test, whenTrue, whenFalse }: TestNode): void {
  if (test.kind === 'present') {
    emitPresent(state, edges, test, whenTrue, whenFalse);
    return;
  }
  const { left, condition, right, order } = comparisonOf(test);
  if (right.kind === 'constant') {
    evaluateInTwin(state, left, 'r0', order);
    return branch(edges, 'r0', condition, right.value | 0, whenTrue, whenFalse);
  }
  evaluateBothInTwin(state, left, right, 'r0', 'r1', order);
  branch(edges, 'r0', condition, 'r1', whenTrue, whenFalse);
}

/** Bytes are present if the last of them can be read. */
function emitPresent(state: TwinState, edges: Edges, test: Present, whenTrue: Node, whenFalse: Node): void {
  const { emitter } = state;
  evaluateInTwin(state, test.offset, 'r2', 'host');
  if (test.size === 0) emitter.emit(jumpIf('r2', '==', 0, edges.reach(whenTrue)));
  emitter.emit(add('r2', test.size - 1));
  // The helper takes 32 bits of the offset: what lies beyond is outside of every packet.
  emitter.emit(mov('r3', 'r2'), rsh('r3', 32), jumpIf('r3', '!=', 0, edges.reach(whenFalse)));
  emitReading(state, undefined, 1);
  branch(edges, 'r0', '==', 0, whenTrue, whenFalse);
}

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
import type { TableMaps } from './lookup.ts';
import { nodeValues } from './needs.ts';
import type { RegisterPlan } from './registers.ts';
import type { StackFrame } from './stack-frame.ts';
import {
  copyTwinFacts,
  emitReading,
  evaluateBothInTwin,
  evaluateForTest,
  evaluateInTwin,
  meetTwinFacts,
  noTwinFacts,
  type TwinFacts,
  type TwinState,
} from './twin-value.ts';
import { mentionsVariable, variableSlot } from './variable.ts';
import { createWaitingJumps } from './waiting-jumps.ts';

export interface TwinOptions {
  readonly emitter: Emitter;
  readonly shape: HookShape;
  readonly frame: StackFrame;
  readonly tables: TableMaps;
  readonly plan: RegisterPlan;
  readonly exits: Exits;
  /** The nodes at which the fast path gives up. */
  readonly entries: ReadonlyMap<Node, TwinEntry>;
}

export interface TwinEntry {
  /** The label that the fast path jumped to. */
  readonly label: string;
  /** Conditional jumps on the longest way there. */
  readonly jumps: number;
}

type Inner = Exclude<Node, { kind: 'exit' }>;

/** Loads that come more than once get a stack slot each, up to this many. */
const keptLoads = 32;

/**
 * The cold exact twin: the graph once more, from the nodes at which the fast path may give up, with every load done by
 * the helper that finds bytes wherever they lie, in the order written. A load outside the packet fails, as it should.
 */
export function emitTwin(entry: Node, options: TwinOptions): void {
  const { emitter, shape, frame, tables, plan, exits, entries } = options;
  const order = reachableInOrder(entry, entries);
  const incoming = new Map<Node, TwinFacts>();
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
    tables,
    loadContext,
    kept: loadsThatComeAgain(order),
    facts: noTwinFacts(),
    failing: () => '',
    waiting: 0,
    lookups: 0,
  };
  const waiting = createWaitingJumps(emitter, new Map([...entries].map(([node, { jumps }]) => [node, jumps])));
  const reach = (node: Node): string => {
    if (node.kind === 'exit') return exits.labelOf(node.verdict);
    waiting.reach(node);
    const before = incoming.get(node);
    incoming.set(node, before === undefined ? copyTwinFacts(state.facts) : meetTwinFacts(before, state.facts));
    return labelOf(node);
  };
  const edges: Edges = { emitter, exits, waiting, reach, next: undefined };
  const countNodes = order.filter((node) => node.kind === 'count');
  const counting = createCounting(emitter, shape, frame, countNodes, 'cold', () => loadContext('r1'));

  for (const [node, { label }] of entries) {
    waiting.enter(node);
    emitter.at(node.span);
    emitter.place(label);
    if (plan.kind === 'leaf') emitter.emit(store(8, 'r10', contextSlot(frame), plan.context));
    emitter.emit(jump(reach(node)));
  }
  for (const [index, node] of order.entries()) {
    // Only failing edges led here, of loads that were known to succeed; the verifier wants no code that nothing reaches.
    if (!incoming.has(node)) continue;
    emitter.at(node.span);
    emitter.place(labelOf(node));
    waiting.enter(node);
    state.facts = copyTwinFacts(incoming.get(node) ?? noTwinFacts());
    state.failing = () => reach((node as TestNode | AssignNode).whenFailing);
    edges.next = order[index + 1];
    emitNode(state, edges, counting, node);
  }
}

function contextSlot(frame: StackFrame): number {
  return frame.slot('context', 8);
}

function reachableInOrder(entry: Node, entries: ReadonlyMap<Node, TwinEntry>): readonly Inner[] {
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

function emitNode(state: TwinState, edges: Edges, counting: Counting, node: Inner): void {
  switch (node.kind) {
    case 'test':
      return emitTest(state, edges, node);
    case 'assign':
      evaluateInTwin(state, node.value, 'r0', 'host');
      state.emitter.emit(store(4, 'r10', variableSlot(state.frame, node.index), 'r0'));
      forgetVariable(state.facts, node.index);
      return goTo(edges, node.next);
    case 'count':
      state.facts.holdings.clear();
      return counting.emitCount(edges, node);
  }
}

function forgetVariable({ available, holdings }: TwinFacts, index: number): void {
  for (const key of available) if (mentionsVariable(key, index)) available.delete(key);
  for (const key of holdings.keys()) if (mentionsVariable(key, index)) holdings.delete(key);
}

function emitTest(state: TwinState, edges: Edges, { test, whenTrue, whenFalse }: TestNode): void {
  if (test.kind === 'present') {
    emitPresent(state, edges, test, whenTrue, whenFalse);
    return;
  }
  const { left, condition, right, order } = comparisonOf(test);
  if (right.kind === 'constant') {
    return branch(edges, evaluateForTest(state, left, order), condition, right.value | 0, whenTrue, whenFalse);
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

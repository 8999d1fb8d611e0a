import type { AssignNode, CountNode, Node, TestNode } from '../../ir/graph.ts';
import { mov } from '../alu.ts';
import type { HookShape } from '../hook-shape.ts';
import { jump } from '../jump.ts';
import { load, store } from '../memory.ts';
import { addressOf } from './address.ts';
import { anticipatedNeeds } from './anticipation.ts';
import { comparisonOf } from './comparison.ts';
import { createCounting, type Counting } from './count.ts';
import { branch, goTo, type Edges } from './edges.ts';
import type { Emitter } from './emitter.ts';
import type { Exits } from './exits.ts';
import { copyFacts, forgetRegisters, forgetVariable, meetFacts, noFacts, type Facts } from './facts.ts';
import { fastSuccessorsOf, isFast } from './fast-nodes.ts';
import {
  checkStart,
  evaluate,
  evaluateOperands,
  fetchLength,
  hottestBase,
  isHeld,
  pointerTo,
  type FastState,
} from './fast-value.ts';
import { heatOf } from './heat.ts';
import { layoutOrder } from './layout-order.ts';
import type { TableMaps } from './lookup.ts';
import { needsOf, nodeValues } from './needs.ts';
import { callerSaved, readsLength, type RegisterPlan } from './registers.ts';
import type { StackFrame } from './stack-frame.ts';
import { variableSlot } from './variable.ts';
import { createWaitingJumps } from './waiting-jumps.ts';

type Inner = Exclude<Node, { kind: 'exit' }>;

export interface FastPathOptions {
  readonly emitter: Emitter;
  readonly shape: HookShape;
  readonly frame: StackFrame;
  readonly tables: TableMaps;
  readonly plan: RegisterPlan;
  readonly exits: Exits;
  /**
   * The label to jump to, to go on in the cold twin of a node; called for each jump.
   * @param jumps conditional jumps on the longest way there
   */
  readonly twinOf: (node: Node, jumps: number) => string;
}

/**
 * The fast path of a graph: direct packet access behind as few bounds checks as the packet's layout allows. Wherever
 * bytes are not directly readable it goes to the cold twin of the node at hand, and does not come back.
 */
export function emitFastPath(entry: Node, options: FastPathOptions): void {
  const { emitter, shape, frame, tables, plan, exits, twinOf } = options;
  const continuations = (node: Node): readonly Node[] => fastSuccessorsOf(node, shape);
  const order = layoutOrder(entry, continuations);
  const anticipated = anticipatedNeeds(order, shape);
  const incoming = new Map<Node, Facts>([[entry, noFacts()]]);
  const labels = new Map<Node, string>();
  const waiting = createWaitingJumps(emitter);
  const homeBase = hottestBase(order, needsOf, heatOf(order, continuations));

  const reach = (node: Node): string => {
    if (node.kind === 'exit') return exits.labelOf(node.verdict);
    const before = incoming.get(node);
    waiting.reach(node);
    incoming.set(node, before === undefined ? copyFacts(state.facts) : meetFacts(before, state.facts));
    const label = labels.get(node) ?? `n${labels.size}`;
    labels.set(node, label);
    return label;
  };
  const state: FastState = {
    emitter,
    plan,
    shape,
    frame,
    tables,
    homeBase,
    facts: noFacts(),
    anticipated: new Map(),
    locked: new Set(),
    twin: () => '',
    failing: () => '',
  };
  const edges: Edges = { emitter, exits, waiting, reach, next: undefined };
  const countNodes = order.filter((node) => node.kind === 'count');
  const counting = createCounting(emitter, shape, frame, countNodes, 'fast', () => {
    if (plan.context !== 'r1') emitter.emit(mov('r1', plan.context));
  });

  emitPrologue(emitter, shape, plan, order);
  for (const [index, node] of order.entries()) {
    emitter.at(node.span);
    const label = labels.get(node);
    if (label !== undefined) emitter.place(label);
    state.facts = copyFacts(incoming.get(node) ?? noFacts());
    state.anticipated = anticipated.get(node) ?? new Map();
    state.twin = () => twinOf(node, waiting.count);
    waiting.enter(node);
    state.failing = () => reach((node as TestNode | AssignNode).whenFailing);
    edges.next = order[index + 1];
    emitNode(state, edges, counting, node);
  }
}

function emitPrologue(emitter: Emitter, shape: HookShape, plan: RegisterPlan, order: readonly Node[]): void {
  emitter.at(order[0]?.span);
  if (plan.context !== 'r1') emitter.emit(mov(plan.context, 'r1'));
  if (order.every((node) => !isFast(node, shape) || needsOf(node).size === 0)) return;
  emitter.emit(load(4, plan.data, plan.context, shape.dataOffset));
  emitter.emit(load(4, plan.dataEnd, plan.context, shape.dataEndOffset));
}

function emitNode(state: FastState, edges: Edges, counting: Counting, node: Inner): void {
  if (!isFast(node, state.shape)) {
    state.emitter.emit(jump(state.twin()));
    return;
  }
  const { lengthHome } = state.plan;
  const { length } = state.shape;
  if (lengthHome !== undefined && length.kind === 'helper' && nodeValues(node).some(readsLength)) {
    fetchLength(state, length.helper, lengthHome);
  }
  checkStart(state, needsOf(node).get('') ?? 0);
  switch (node.kind) {
    case 'test':
      return emitTest(state, edges, node);
    case 'assign':
      return emitAssign(state, edges, node);
    case 'count':
      return emitCount(state, edges, counting, node);
  }
}

function emitTest(state: FastState, edges: Edges, { test, whenTrue, whenFalse }: TestNode): void {
  if (test.kind === 'present') {
    const { base, displacement } = addressOf(test.offset);
    if (base !== undefined) pointerTo(state, base, displacement + test.size);
    return goTo(edges, whenTrue);
  }
  const { left, condition, right, order } = comparisonOf(test, (value) => isHeld(state, value, 'host'));
  if (whenTrue === whenFalse && left.kind === 'load' && right.kind === 'constant') {
    // Asked only to fail where the bytes are not there.
    const { base, displacement } = addressOf(left.offset);
    if (base !== undefined) pointerTo(state, base, displacement + left.size);
    return goTo(edges, whenTrue);
  }
  if (right.kind === 'constant') {
    return branch(edges, evaluate(state, left, order), condition, right.value | 0, whenTrue, whenFalse);
  }
  const [first, second] = evaluateOperands(state, left, right, order);
  branch(edges, first, condition, second, whenTrue, whenFalse);
}

function emitAssign(state: FastState, edges: Edges, { index, value, next }: AssignNode): void {
  const source = value.kind === 'constant' ? value.value | 0 : evaluate(state, value, 'host');
  state.emitter.emit(store(4, 'r10', variableSlot(state.frame, index), source));
  forgetVariable(state.facts, index);
  goTo(edges, next);
}

function emitCount(state: FastState, edges: Edges, counting: Counting, node: CountNode): void {
  forgetRegisters(state.facts, callerSaved);
  counting.emitCount(edges, node);
}

import type { Node } from '../../ir/graph.ts';
import { valueKey, type Binary, type Load, type Lookup, type Value } from '../../ir/value.ts';
import { add, alu32Of, and32, be16, be32, mov, mov32 } from '../alu.ts';
import type { HookShape } from '../hook-shape.ts';
import type { Register } from '../instruction.ts';
import { call, jumpIf } from '../jump.ts';
import { load, store } from '../memory.ts';
import { addressOf, baseKey, farthest, verifiableMaximumOf } from './address.ts';
import { emitBinary } from './arithmetic.ts';
import { asMaskedLoad, swapBytes, type Order } from './comparison.ts';
import type { Emitter } from './emitter.ts';
import { forgetRegisters, type Facts } from './facts.ts';
import { emitLookup } from './ask-table.ts';
import { keyParts, type TableMaps } from './lookup.ts';
import type { Needs } from './needs.ts';
import { callerSaved, registerNeed, type RegisterPlan } from './registers.ts';
import type { StackFrame } from './stack-frame.ts';
import { variableSlot } from './variable.ts';

/** Computing values by direct access, one node at a time. */
export interface FastState {
  readonly emitter: Emitter;
  readonly plan: RegisterPlan;
  readonly shape: HookShape;
  readonly frame: StackFrame;
  readonly tables: TableMaps;
  /** The base whose pointer has a register of its own. */
  readonly homeBase: string | undefined;
  /** What is known here. Replaced at each node, changed along it. */
  facts: Facts;
  /** How far checks made at this node should reach. */
  anticipated: Needs;
  /** Registers that hold operands of what is being computed. */
  readonly locked: Set<Register>;
  /** The label of this node's cold twin: where to go when bytes are not directly readable. */
  twin: () => string;
  /** Where to go when the value fails. */
  failing: () => string;
}

/** A register that holds the value, zero-extended; it may be known for holding it, so nobody writes to it. */
export function evaluate(state: FastState, value: Value, order: Order): Register {
  const key = `${order} ${valueKey(value)}`;
  for (const [register, holding] of state.facts.holdings) {
    if (holding.kind === 'value' && holding.key === key) return used(state.facts, register);
  }
  const register = evaluateInto(state, value, order);
  state.facts.holdings.set(register, { kind: 'value', key });
  return register;
}

/** Whether a register holds the value already. */
export function isHeld({ facts }: FastState, value: Value, order: Order): boolean {
  const key = `${order} ${valueKey(value)}`;
  for (const holding of facts.holdings.values()) if (holding.kind === 'value' && holding.key === key) return true;
  return false;
}

/** A register that holds the value and may be overwritten. */
function evaluateInto(state: FastState, value: Value, order: Order, wanted?: Register): Register {
  const { emitter, plan, shape } = state;
  switch (value.kind) {
    case 'constant': {
      const register = allocate(state, wanted);
      emitter.emit(mov32(register, value.value | 0));
      return register;
    }
    case 'variable': {
      const register = allocate(state, wanted);
      emitter.emit(load(4, register, 'r10', variableSlot(state.frame, value.index)));
      return register;
    }
    case 'length': {
      const register = allocate(state, wanted);
      if (shape.length.kind === 'field') emitter.emit(load(4, register, plan.context, shape.length.offset));
      // Not a plain move: the verifier must not link the two registers (see `variableSlot`).
      else emitter.emit(mov32(register, 0), alu32Of('or', register, plan.lengthHome as Register));
      return register;
    }
    case 'metadata': {
      const register = allocate(state, wanted);
      const source = shape.metadata[value.field];
      if (source.kind === 'constant') emitter.emit(mov32(register, source.value));
      else emitter.emit(load(4, register, plan.context, source.offset));
      if (source.kind === 'field' && source.order === 'network') emitter.emit(be16(register));
      return register;
    }
    case 'load':
      return evaluateLoad(state, value, order, wanted);
    case 'lookup':
      return evaluateLookup(state, value);
    case 'binary':
      return evaluateBinary(state, value, order, wanted);
  }
}

/** A lookup comes before all else that a node computes (`isFast`), so that no register is needed over the call. */
function evaluateLookup(state: FastState, value: Lookup): Register {
  const { emitter, frame, tables } = state;
  const table = tables.mapOf(value.table);
  for (const { value: part, order, convert, place, size } of keyParts(value, table.layout, frame, 0)) {
    const register = evaluateInto(state, part, order);
    emitter.emit(...convert(register), store(size, 'r10', place, register));
  }
  emitLookup(emitter, frame, tables, table, 0);
  forgetRegisters(state.facts, callerSaved);
  return 'r0';
}

function evaluateLoad(state: FastState, value: Load, order: Order, wanted: Register | undefined): Register {
  const { base, displacement } = addressOf(value.offset);
  const pointer = base === undefined ? state.plan.data : pointerTo(state, base, displacement + value.size);
  const register = whileLocked(state, pointer, () => allocate(state, wanted));
  state.emitter.emit(load(value.size, register, pointer, displacement));
  if (order === 'host' && value.size === 2) state.emitter.emit(be16(register));
  if (order === 'host' && value.size === 4) state.emitter.emit(be32(register));
  return register;
}

function evaluateBinary(state: FastState, value: Binary, order: Order, wanted: Register | undefined): Register {
  const { operator, left, right } = value;
  if (order === 'network') {
    const { load: loaded, mask } = asMaskedLoad(value) as NonNullable<ReturnType<typeof asMaskedLoad>>;
    const register = evaluateInto(state, loaded, order, wanted);
    state.emitter.emit(and32(register, swapBytes(mask, loaded.size) | 0));
    return register;
  }
  if (right.kind === 'constant') {
    const register = evaluateInto(state, left, order, wanted);
    emitBinary(state.emitter, operator, register, right.value | 0, state.failing);
    return register;
  }
  const [first, second] = evaluatePair(state, left, right, order, wanted);
  emitBinary(state.emitter, operator, first, second, state.failing);
  return first;
}

/** Both operands, the more demanding one computed first; the first register may be overwritten. */
function evaluatePair(
  state: FastState,
  left: Value,
  right: Value,
  order: Order,
  wanted: Register | undefined,
): readonly [Register, Register] {
  if (registerNeed(right) > registerNeed(left)) {
    const second = evaluate(state, right, order);
    return [whileLocked(state, second, () => evaluateInto(state, left, order, wanted)), second];
  }
  const first = evaluateInto(state, left, order, wanted);
  return [first, whileLocked(state, first, () => evaluate(state, right, order))];
}

/** Both operands of a comparison, which overwrites neither. */
export function evaluateOperands(
  state: FastState,
  left: Value,
  right: Value,
  order: Order,
): readonly [Register, Register] {
  if (registerNeed(right) > registerNeed(left)) {
    const second = evaluate(state, right, order);
    return [whileLocked(state, second, () => evaluate(state, left, order)), second];
  }
  const first = evaluate(state, left, order);
  return [first, whileLocked(state, first, () => evaluate(state, right, order))];
}

/** A register with the address `packet + base`, behind which `end` bytes are directly readable. */
export function pointerTo(state: FastState, base: Value, end: number): Register {
  const key = baseKey(base);
  const wantedEnd = Math.max(end, state.anticipated.get(key) ?? 0);
  for (const [register, holding] of state.facts.holdings) {
    if (holding.kind !== 'pointer' || holding.key !== key) continue;
    if (holding.readable < end) {
      checkBounds(state, register, wantedEnd);
      state.facts.holdings.set(register, { ...holding, readable: wantedEnd });
    }
    return used(state.facts, register);
  }
  const home = key === state.homeBase && !state.locked.has(state.plan.pointerHome) ? state.plan.pointerHome : undefined;
  const register = evaluateInto(state, base, 'host', home);
  if (verifiableMaximumOf(base) > farthest) state.emitter.emit(jumpIf(register, '>', farthest, state.twin()));
  state.emitter.emit(add(register, state.plan.data));
  checkBounds(state, register, wantedEnd);
  state.facts.holdings.set(register, { kind: 'pointer', key, readable: wantedEnd });
  return register;
}

/** Sees to it that the first `end` bytes of the packet are directly readable. */
export function checkStart(state: FastState, end: number): void {
  if (state.facts.readable >= end) return;
  const wanted = Math.max(end, state.anticipated.get('') ?? 0);
  checkBounds(state, state.plan.data, wanted);
  state.facts.readable = wanted;
}

function checkBounds(state: FastState, pointer: Register, end: number): void {
  const register = whileLocked(state, pointer, () => allocate(state, undefined));
  state.emitter.emit(mov(register, pointer), add(register, end));
  state.emitter.emit(jumpIf(register, '>', state.plan.dataEnd, state.twin()));
}

/** Has a helper tell the packet's length, once for all nodes that this one leads to. */
export function fetchLength(state: FastState, helper: number, home: Register): void {
  const known = state.facts.holdings.get(home);
  if (known?.key === lengthKey) return;
  state.emitter.emit(mov('r1', state.plan.context), call(helper), mov(home, 'r0'));
  forgetRegisters(state.facts, callerSaved);
  state.facts.holdings.set(home, { kind: 'value', key: lengthKey });
}

const lengthKey = 'length by helper';

/**
 * A register whose content may go. Of those that calls may use, first one that holds nothing, then the one longest
 * unused; those that a program would have to save and restore come last.
 */
function allocate(state: FastState, wanted: Register | undefined): Register {
  const register = wanted ?? chooseRegister(state);
  state.facts.holdings.delete(register);
  return register;
}

function chooseRegister({ plan, facts, locked, homeBase }: FastState): Register {
  const isOpen = (register: Register): boolean =>
    !locked.has(register) && !(register === plan.pointerHome && homeBase !== undefined);
  const open = plan.pool.filter(isOpen);
  const cheap = open.filter((register) => callerSaved.includes(register));
  const candidates = cheap.length > 0 ? cheap : open;
  const empty = candidates.find((register) => !facts.holdings.has(register));
  if (empty !== undefined) return empty;
  for (const register of facts.holdings.keys()) if (candidates.includes(register)) return register;
  throw new Error('no register is left: registersForValues is too large');
}

/** Notes that a register has just been used. */
function used(facts: Facts, register: Register): Register {
  const holding = facts.holdings.get(register);
  facts.holdings.delete(register);
  if (holding !== undefined) facts.holdings.set(register, holding);
  return register;
}

function whileLocked<T>(state: FastState, register: Register, action: () => T): T {
  const added = !state.locked.has(register);
  state.locked.add(register);
  const result = action();
  if (added) state.locked.delete(register);
  return result;
}

/** Of all computed offsets that nodes read at, the one that most packets meet. */
export function hottestBase(
  nodes: readonly Node[],
  needsOf: (node: Node) => Needs,
  heat: ReadonlyMap<Node, number>,
): string | undefined {
  const uses = new Map<string, number>();
  for (const node of nodes) {
    for (const key of needsOf(node).keys()) {
      if (key !== '') uses.set(key, (uses.get(key) ?? 0) + (heat.get(node) ?? 0));
    }
  }
  let best: string | undefined;
  for (const [key, count] of uses) if (best === undefined || count > (uses.get(best) as number)) best = key;
  return best;
}

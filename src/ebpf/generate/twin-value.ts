import { valueKey, type BinaryOperator, type Load, type Lookup, type Value } from '../../ir/value.ts';
import { add, be16, be32, mov, mov32 } from '../alu.ts';
import type { HookShape } from '../hook-shape.ts';
import type { Register } from '../instruction.ts';
import { call, jumpIf } from '../jump.ts';
import { load, store } from '../memory.ts';
import { emitBinary } from './arithmetic.ts';
import { asMaskedLoad, swapBytes, type Order } from './comparison.ts';
import type { Emitter } from './emitter.ts';
import { emitLookup } from './ask-table.ts';
import { keyParts, type TableMaps } from './lookup.ts';
import type { StackFrame } from './stack-frame.ts';
import { variableSlot } from './variable.ts';

/**
 * Computing values in the twin: every load is a call, which leaves nothing in r0–r5, so what must outlive one waits on
 * the stack. Short, not fast.
 */
export interface TwinState {
  readonly emitter: Emitter;
  readonly shape: HookShape;
  readonly frame: StackFrame;
  readonly tables: TableMaps;
  /** Emits what puts the context in a register. */
  readonly loadContext: (register: Register) => void;
  /** The keys of the loads that get a stack slot of their own, because they come more than once. */
  readonly kept: ReadonlySet<string>;
  /** What is known here. Replaced at each node, changed along it. */
  facts: TwinFacts;
  /** Where to go when the value fails. */
  failing: () => string;
  /** Values that wait on the stack. */
  waiting: number;
  /** Lookups whose key is being computed. */
  lookups: number;
}

export interface TwinFacts {
  /** Of the kept loads, those that were done on every way to here: their slots hold the bytes, in network order. */
  readonly available: Set<string>;
  /** Values that registers hold, by a key; the longest unused first. */
  readonly holdings: Map<string, Register>;
}

export function noTwinFacts(): TwinFacts {
  return { available: new Set(), holdings: new Map() };
}

/** What holds where two ways meet; values in registers are forgotten, as on the fast path (`meetFacts`). */
export function meetTwinFacts(first: TwinFacts, second: TwinFacts): TwinFacts {
  const available = new Set([...first.available].filter((key) => second.available.has(key)));
  return { available, holdings: new Map() };
}

export function copyTwinFacts({ available, holdings }: TwinFacts): TwinFacts {
  return { available: new Set(available), holdings: new Map(holdings) };
}

/** Registers that nothing else is computed in; a call empties them. */
const holders: readonly Register[] = ['r3', 'r4', 'r5'];

/**
 * The value in a register that nobody may write to. What a kept load read stays in a register as long as it can:
 * every new instruction that reads the stack makes Linux 6.18 go over the whole program again (its stack liveness),
 * which takes minutes for a list of 20,000 hosts.
 */
export function evaluateForTest(state: TwinState, value: Value, order: Order): Register {
  const loaded = asMaskedLoad(value)?.load ?? value;
  if (loaded.kind !== 'load' || !isSimple(state, loaded)) {
    evaluateInTwin(state, value, 'r0', order);
    return 'r0';
  }
  const { holdings } = state.facts;
  const key = `${order} ${valueKey(value)}`;
  const known = holdings.get(key);
  holdings.delete(key);
  const register = known ?? freeHolder(holdings);
  if (known === undefined) evaluateInTwin(state, value, register, order);
  holdings.set(key, register);
  return register;
}

function freeHolder(holdings: Map<string, Register>): Register {
  const empty = holders.find((register) => ![...holdings.values()].includes(register));
  if (empty !== undefined) return empty;
  const [oldest] = holdings as Iterable<[string, Register]> as [[string, Register]];
  holdings.delete(oldest[0]);
  return oldest[1];
}

/** Computes a value into a register: r0 or r1 or r2. Whatever was in r0–r5 may be gone. */
export function evaluateInTwin(state: TwinState, value: Value, target: Register, order: Order): void {
  if (isSimple(state, value)) return evaluateSimple(state, value, target, order);
  const { emitter } = state;
  switch (value.kind) {
    case 'load':
      emitLoad(state, value, target, order);
      return;
    case 'lookup':
      evaluateLookup(state, value, target);
      return;
    case 'binary': {
      const { operator, left, right } = value;
      if (order === 'network') {
        const { load: loaded, mask } = asMaskedLoad(value) as NonNullable<ReturnType<typeof asMaskedLoad>>;
        evaluateInTwin(state, loaded, target, order);
        return emitBinary(emitter, 'and', target, swapBytes(mask, loaded.size) | 0, state.failing);
      }
      if (right.kind === 'constant') {
        evaluateInTwin(state, left, target, 'host');
        return emitBinary(emitter, operator, target, right.value | 0, state.failing);
      }
      return evaluatePairInTwin(state, operator, left, right, target);
    }
    default:
      // Only the length can be anything but simple: a helper tells it.
      state.loadContext('r1');
      emitter.emit(call((state.shape.length as { helper: number }).helper));
      state.facts.holdings.clear();
      if (target !== 'r0') emitter.emit(mov32(target, 'r0'));
  }
}

function evaluateLookup(state: TwinState, value: Lookup, target: Register): void {
  const { emitter, frame, tables, facts } = state;
  const table = tables.mapOf(value.table);
  const depth = state.lookups++;
  for (const { value: part, order, convert, place, size } of keyParts(value, table.layout, frame, depth)) {
    evaluateInTwin(state, part, 'r0', order);
    emitter.emit(...convert('r0'), store(size, 'r10', place, 'r0'));
  }
  state.lookups--;
  emitLookup(emitter, frame, tables, table, depth);
  facts.holdings.clear();
  if (target !== 'r0') emitter.emit(mov32(target, 'r0'));
}

function evaluatePairInTwin(
  state: TwinState,
  operator: BinaryOperator,
  left: Value,
  right: Value,
  target: Register,
): void {
  const other = otherThan(target);
  evaluateBothInTwin(state, left, right, target, other, 'host');
  emitBinary(state.emitter, operator, target, other, state.failing);
}

/** Computes two values, the second one last unless the first is so simple that it can wait. */
export function evaluateBothInTwin(
  state: TwinState,
  left: Value,
  right: Value,
  leftTarget: Register,
  rightTarget: Register,
  order: Order,
): void {
  if (isSimple(state, right)) {
    evaluateInTwin(state, left, leftTarget, order);
    return evaluateSimple(state, right, rightTarget, order);
  }
  if (isSimple(state, left)) {
    evaluateInTwin(state, right, rightTarget, order);
    return evaluateSimple(state, left, leftTarget, order);
  }
  // Of two nested values the deeper one first, so that a tree of n leaves has at most log2(n) waiting.
  const rightFirst = waitingNeed(right) > waitingNeed(left);
  const [first, firstTarget] = rightFirst ? [right, rightTarget] : [left, leftTarget];
  const [second, secondTarget] = rightFirst ? [left, leftTarget] : [right, rightTarget];
  const slot = state.frame.slot(`waiting ${state.waiting}`, 4);
  evaluateInTwin(state, first, firstTarget, order);
  state.emitter.emit(store(4, 'r10', slot, firstTarget));
  state.waiting++;
  evaluateInTwin(state, second, secondTarget, order);
  state.waiting--;
  state.emitter.emit(load(4, firstTarget, 'r10', slot));
}

function waitingNeed(value: Value): number {
  if (value.kind === 'load') return waitingNeed(value.offset);
  if (value.kind === 'lookup') return Math.max(...value.key.map(waitingNeed));
  if (value.kind !== 'binary') return 0;
  const left = waitingNeed(value.left);
  const right = waitingNeed(value.right);
  return left === right ? left + 1 : Math.max(left, right);
}

function otherThan(register: Register): Register {
  return register === 'r0' ? 'r1' : 'r0';
}

/** Whether a value can be had without a call and in its own register alone. */
function isSimple({ shape, facts }: TwinState, value: Value): boolean {
  switch (value.kind) {
    case 'load':
      return facts.available.has(valueKey(value));
    case 'length':
      return shape.length.kind === 'field';
    case 'binary':
    case 'lookup':
      return false;
    default:
      return true;
  }
}

function evaluateSimple(state: TwinState, value: Value, target: Register, order: Order): void {
  const { emitter, shape, frame } = state;
  switch (value.kind) {
    case 'constant':
      emitter.emit(mov32(target, value.value | 0));
      return;
    case 'variable':
      emitter.emit(load(4, target, 'r10', variableSlot(frame, value.index)));
      return;
    case 'length':
      state.loadContext(target);
      emitter.emit(load(4, target, target, (shape.length as { offset: number }).offset));
      return;
    case 'metadata': {
      const source = shape.metadata[value.field];
      if (source.kind === 'constant') {
        emitter.emit(mov32(target, source.value));
        return;
      }
      state.loadContext(target);
      emitter.emit(load(4, target, target, source.offset));
      if (source.order === 'network') emitter.emit(be16(target));
      return;
    }
    case 'load':
      return readSlot(state, value, target, order);
    case 'binary':
    case 'lookup':
      throw new Error('an operation is never simple');
  }
}

function readSlot({ emitter, frame }: TwinState, value: Load, target: Register, order: Order): void {
  emitter.emit(load(value.size, target, 'r10', bytesSlot(frame, valueKey(value))));
  if (order === 'network') return;
  if (value.size === 2) emitter.emit(be16(target));
  if (value.size === 4) emitter.emit(be32(target));
}

function bytesSlot(frame: StackFrame, key: string | undefined): number {
  return frame.slot(key === undefined ? 'bytes read' : `bytes ${key}`, 4);
}

/** Calls the helper that reads wherever the bytes lie; a negative answer means outside the packet. */
function emitLoad(state: TwinState, value: Load, target: Register, order: Order): void {
  const { emitter, frame } = state;
  const key = valueKey(value);
  const isKept = state.kept.has(key);
  const slot = bytesSlot(frame, isKept ? key : undefined);
  evaluateInTwin(state, value.offset, 'r2', 'host');
  emitReading(state, slot, value.size);
  emitter.emit(jumpIf('r0', '!=', 0, state.failing()));
  if (isKept) {
    state.facts.available.add(key);
    return readSlot(state, value, target, order);
  }
  emitter.emit(load(value.size, target, 'r10', slot));
  if (order === 'network') return;
  if (value.size === 2) emitter.emit(be16(target));
  if (value.size === 4) emitter.emit(be32(target));
}

/** Reads `size` bytes at offset r2 into a stack slot; r0 is 0 where they lie in the packet. */
export function emitReading(state: TwinState, slot: number | undefined, size: number): void {
  const { emitter, shape, frame, loadContext, facts } = state;
  loadContext('r1');
  emitter.emit(
    mov('r3', 'r10'),
    add('r3', slot ?? bytesSlot(frame, undefined)),
    mov('r4', size),
    call(shape.loadBytes),
  );
  facts.holdings.clear();
}

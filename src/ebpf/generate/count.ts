import type { CountNode, Node } from '../../ir/graph.ts';
import { verdictKey } from '../../ir/verdict.ts';
import { add, and, lsh, mov, mul, sub } from '../alu.ts';
import { helper } from '../helper.ts';
import type { HookShape } from '../hook-shape.ts';
import { call, callKernel, jump, jumpIf } from '../jump.ts';
import { flagsMember, hasFragments, type KernelContext } from '../kernel-context.ts';
import { load, loadKernelFunction, loadMap, store } from '../memory.ts';
import type { MapSpec } from '../program.ts';
import { goTo, type Edges } from './edges.ts';
import type { Emitter } from './emitter.ts';
import type { StackFrame } from './stack-frame.ts';

/** The map of counters: for each index two 64-bit numbers on each CPU, packets and bytes. */
export const countersMap = 'counters';
const keySize = 4;
const valueSize = 16;
const packetsOffset = 0;
const bytesOffset = 8;

export function countersSpec(maxEntries: number): MapSpec {
  return { name: countersMap, type: 'percpu-array', keySize, valueSize, maxEntries, flags: 0 };
}

/**
 * Counting, of one path. The code that counts stands once for all count nodes that go on to the same place; each node says
 * which counter, and goes there.
 */
export interface Counting {
  emitCount(edges: Edges, node: CountNode): void;
}

/**
 * @param nodes the count nodes of this path, in the order in which they will be emitted
 * @param path a word for labels
 * @param loadContext puts the context in r1
 */
export function createCounting(
  emitter: Emitter,
  shape: HookShape,
  frame: StackFrame,
  nodes: readonly CountNode[],
  path: string,
  loadContext: () => void,
): Counting {
  const left = new Map<Node | string, number>();
  for (const { next } of nodes) left.set(destinationOf(next), (left.get(destinationOf(next)) ?? 0) + 1);
  const labels = new Map<Node | string, string>();
  return {
    emitCount(edges, node) {
      emitter.emit(store(4, 'r10', keySlot(frame), node.counter));
      loadContext();
      const destination = destinationOf(node.next);
      const label = labels.get(destination);
      const others = (left.get(destination) as number) - 1;
      left.set(destination, others);
      if (others > 0) {
        const shared = label ?? `${path}_count${labels.size}`;
        labels.set(destination, shared);
        if (node.next.kind !== 'exit') edges.reach(node.next);
        emitter.emit(jump(shared));
        return;
      }
      if (label !== undefined) emitter.place(label);
      emitCounting(emitter, shape, frame);
      goTo(edges, node.next);
    },
  };
}

/** Exits with one verdict are one destination. */
function destinationOf(node: Node): Node | string {
  return node.kind === 'exit' ? verdictKey(node.verdict) : node;
}

function keySlot(frame: StackFrame): number {
  return frame.slot('counter', 4);
}

/**
 * Adds the packet to the counter whose index is in its stack slot; r1 is the context. No atomics: the map is per CPU,
 * and programs of one hook do not interrupt each other on a CPU. The kernel inlines the lookup.
 */
function emitCounting(emitter: Emitter, shape: HookShape, frame: StackFrame): void {
  const bytes = frame.slot('bytes', 8);
  const packets = emitPackets(emitter, shape, frame);
  emitBytes(emitter, shape, frame, bytes, packets);
  const missing = emitter.freshLabel();
  emitter.emit(mov('r2', 'r10'), add('r2', keySlot(frame)), loadMap('r1', countersMap), call(helper.mapLookup));
  emitter.emit(jumpIf('r0', '==', 0, missing));
  emitter.emit(load(8, 'r1', 'r0', packetsOffset));
  if (packets === undefined) emitter.emit(add('r1', 1));
  else emitter.emit(load(8, 'r2', 'r10', packets), add('r1', 'r2'));
  emitter.emit(store(8, 'r0', packetsOffset, 'r1'));
  emitter.emit(load(8, 'r1', 'r0', bytesOffset), load(8, 'r2', 'r10', bytes), add('r1', 'r2'));
  emitter.emit(store(8, 'r0', bytesOffset, 'r1'));
  emitter.place(missing);
}

/** Puts the packets that a merged packet stands for on the stack. @returns where; undefined: it is always one */
function emitPackets(emitter: Emitter, shape: HookShape, frame: StackFrame): number | undefined {
  if (shape.segmentsOffset === undefined) return undefined;
  const slot = frame.slot('packets', 8);
  const merged = emitter.freshLabel();
  emitter.emit(load(4, 'r2', 'r1', shape.segmentsOffset), jumpIf('r2', '!=', 0, merged), mov('r2', 1));
  emitter.place(merged);
  emitter.emit(store(8, 'r10', slot, 'r2'));
  return slot;
}

/**
 * Stores the packet's length on the wire; r1 is the context.
 * @param packets where on the stack the number of packets is that it stands for, if it may be several
 */
function emitBytes(
  emitter: Emitter,
  shape: HookShape,
  frame: StackFrame,
  bytes: number,
  packets: number | undefined,
): void {
  const { length, tagPresentOffset, wireLengthOffset } = shape;
  if (length.kind === 'helper') {
    if (length.kernelContext !== undefined)
      return emitBytesOfBuffers(emitter, shape, length.kernelContext, frame, bytes);
    emitter.emit(call(length.helper), store(8, 'r10', bytes, 'r0'));
    return;
  }
  emitter.emit(load(4, 'r0', 'r1', length.offset));
  const asMerged = wireLengthOffset !== undefined && packets !== undefined;
  if (asMerged) {
    // The kernel fills this field in before the first program, so that it lacks what programs before ours have put into
    // the packet: it is taken where nothing else tells the length.
    const single = emitter.freshLabel();
    emitter.emit(load(8, 'r3', 'r10', packets), jumpIf('r3', '==', 1, single), load(4, 'r0', 'r1', wireLengthOffset));
    emitter.place(single);
  }
  if (tagPresentOffset !== undefined) {
    emitter.emit(load(4, 'r2', 'r1', tagPresentOffset), lsh('r2', 2));
    if (asMerged) emitter.emit(mul('r2', 'r3'));
    emitter.emit(add('r0', 'r2'));
  }
  emitter.emit(store(8, 'r10', bytes, 'r0'));
}

/** What is directly readable, and only where that is not all of the packet, the helper's answer. */
function emitBytesOfBuffers(
  emitter: Emitter,
  shape: HookShape,
  { castFunction, flagsOffset }: KernelContext,
  frame: StackFrame,
  bytes: number,
): void {
  const context = frame.slot('context of buffers', 8);
  const whole = emitter.freshLabel();
  const ask = emitter.freshLabel();
  emitter.emit(load(4, 'r2', 'r1', shape.dataOffset), load(4, 'r3', 'r1', shape.dataEndOffset), sub('r3', 'r2'));
  emitter.emit(store(8, 'r10', bytes, 'r3'), store(8, 'r10', context, 'r1'));
  if (typeof castFunction === 'string') {
    emitter.emit(loadKernelFunction('r2', castFunction), jumpIf('r2', '==', 0, ask));
  }
  emitter.emit(callKernel(castFunction));
  emitter.emit(
    { ...load(4, 'r1', 'r0', flagsOffset), member: flagsMember },
    and('r1', hasFragments),
    jumpIf('r1', '==', 0, whole),
  );
  emitter.place(ask);
  emitter.emit(load(8, 'r1', 'r10', context), call(helper.xdpGetBufferLength), store(8, 'r10', bytes, 'r0'));
  emitter.place(whole);
}

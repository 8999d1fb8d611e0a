import { bindMap } from '../kernel/bpf/bind-map.ts';
import { mapInfo } from '../kernel/bpf/info.ts';
import { countPossibleCpus, createMap, perCpuValueSize, updateElement } from '../kernel/bpf/map.ts';
import { readElements, updateBatch } from '../kernel/bpf/map-batch.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** Packets and bytes; signed where they are a base that a reset made negative. */
export interface Count {
  readonly packets: bigint;
  readonly bytes: bigint;
}

export const noCount: Count = { packets: 0n, bytes: 0n };

/** Two 64-bit numbers, packets first: what programs add to and what the base holds. */
const countSize = 16;

export const baseMapName = 'pktf_base';

/** Reads a program's per-CPU counters, summed over the CPUs, by index. */
export function readCounters(kernel: Kernel, map: number): readonly Count[] {
  const { maxEntries } = mapInfo(kernel, map);
  const valueSize = perCpuValueSize(countSize, countPossibleCpus(kernel));
  const { count, keys, values } = readElements(kernel, map, { keySize: 4, valueSize, maxEntries });
  return inOrder(count, keys, (index) => sum(values.subarray(index * valueSize, (index + 1) * valueSize)));
}

/**
 * The base is what is added to a program's own counters when they are read: final counts of the program that it
 * replaced, less what was reset. It is bound to the program and goes with it.
 */
export function createBase(kernel: Kernel, program: number, counters: number): number {
  const map = createMap(kernel, {
    name: baseMapName,
    type: 'array',
    keySize: 4,
    valueSize: countSize,
    maxEntries: counters,
    flags: 0,
  });
  try {
    bindMap(kernel, program, map);
  } catch (error) {
    kernel.close(map);
    throw error;
  }
  return map;
}

export function readBase(kernel: Kernel, map: number): readonly Count[] {
  const { maxEntries } = mapInfo(kernel, map);
  const { count, keys, values } = readElements(kernel, map, { keySize: 4, valueSize: countSize, maxEntries });
  return inOrder(count, keys, (index) => sum(values.subarray(index * countSize, (index + 1) * countSize)));
}

export function writeBase(kernel: Kernel, map: number, counts: readonly Count[]): void {
  const keys = new Uint8Array(counts.length * 4);
  const values = new Uint8Array(counts.length * countSize);
  const [keyView, valueView] = [new DataView(keys.buffer), new DataView(values.buffer)];
  counts.forEach(({ packets, bytes }, index) => {
    keyView.setUint32(index * 4, index, true);
    valueView.setBigInt64(index * countSize, packets, true);
    valueView.setBigInt64(index * countSize + 8, bytes, true);
  });
  try {
    updateBatch(kernel, map, { count: counts.length, keys, values });
  } catch {
    // Kernels before 5.6 know no batches; elements one by one say what is wrong if anything else is.
    counts.forEach((_, index) => {
      const value = values.subarray(index * countSize, (index + 1) * countSize);
      updateElement(kernel, map, keys.subarray(index * 4, index * 4 + 4), value);
    });
  }
}

export function addCounts(first: Count, second: Count | undefined): Count {
  if (second === undefined) return first;
  return { packets: first.packets + second.packets, bytes: first.bytes + second.bytes };
}

export function negated({ packets, bytes }: Count): Count {
  return { packets: -packets, bytes: -bytes };
}

function inOrder(count: number, keys: Uint8Array, read: (index: number) => Count): readonly Count[] {
  const view = new DataView(keys.buffer, keys.byteOffset, keys.byteLength);
  const counts: Count[] = [];
  for (let i = 0; i < count; i++) counts[view.getUint32(i * 4, true)] = read(i);
  return counts;
}

/** The sum of all counts that stand side by side in the bytes: one per CPU. */
function sum(bytes: Uint8Array): Count {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let [packets, octets] = [0n, 0n];
  for (let at = 0; at < bytes.length; at += countSize) {
    packets += view.getBigInt64(at, true);
    octets += view.getBigInt64(at + 8, true);
  }
  return { packets, bytes: octets };
}

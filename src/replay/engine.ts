import type { PacketBatch } from '../capture/batch.ts';
import type { Graph } from '../ir/graph.ts';
import type { OutcomeTable } from './outcome.ts';
import type { TableContents } from './table-contents.ts';

export type EngineName =
  'evaluator' | 'interpreter' | 'javascript' | 'ebpf' | 'kernel-socket' | 'kernel-xdp' | 'kernel-tc';

/** What is replayed: a filter or policy, for packets of one link type. */
export interface ReplayProgram {
  readonly graph: Graph;
  /** How many counters the graph uses: `count` nodes name them from 0. */
  readonly counters: number;
  /** What the tables hold that the graph asks. */
  readonly tables?: TableContents;
}

/** One way to run a program over batches of packets. All engines give the same outcomes or say that they cannot. */
export interface Engine {
  readonly name: EngineName;
  /**
   * Makes the program ready to run.
   * @returns why not, where the engine cannot express the program at all
   */
  prepare(program: ReplayProgram, outcomes: OutcomeTable): PreparedProgram | Unable;
}

export interface PreparedProgram {
  readonly able: true;
  /** Writes what becomes of each packet, or `notExpressed`, to the first `batch.count` entries of `outcomes`. */
  run(batch: PacketBatch, outcomes: Uint16Array): void | Promise<void>;
  /** What the program counted so far. */
  counters(): Counters;
  /** Gives back what the engine holds (descriptors, say). */
  close(): void;
}

export interface Unable {
  readonly able: false;
  /** Why, as part of a sentence: `classic BPF has no counters`. */
  readonly reason: string;
}

/** By counter; float64 is exact up to 2^53. */
export interface Counters {
  readonly packets: Float64Array;
  readonly bytes: Float64Array;
}

export function createCounters(count: number): Counters {
  return { packets: new Float64Array(count), bytes: new Float64Array(count) };
}

export function addCounters(sum: Counters, more: Counters): void {
  more.packets.forEach((value, counter) => (sum.packets[counter] = (sum.packets[counter] as number) + value));
  more.bytes.forEach((value, counter) => (sum.bytes[counter] = (sum.bytes[counter] as number) + value));
}

export function unable(reason: string): Unable {
  return { able: false, reason };
}

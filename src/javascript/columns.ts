import type { MetadataField } from '../ir/value.ts';

/** What a generated function reads: a batch of packets, as `capture/batch.ts` describes it in full. */
export interface Columns {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly capturedLengths: Uint32Array;
  readonly lengths: Uint32Array;
  readonly metadata?: Readonly<Partial<Record<MetadataField, Uint32Array>>>;
}

/**
 * Runs a filter or policy over the packets of a batch: writes what became of each to `outcomes` and adds to the
 * counters. All arrays are the caller's; `packets` and `bytes` have one entry per counter (float64: exact to 2^53).
 */
export type BatchFunction = (batch: Columns, outcomes: Uint16Array, packets: Float64Array, bytes: Float64Array) => void;

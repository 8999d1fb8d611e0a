import type { PacketBatch } from './batch.ts';

/** A batch while it is filled. The arrays live as long as the source and are filled anew for every batch. */
export type PacketColumns = { -readonly [K in keyof PacketBatch]: PacketBatch[K] };

/** Packets in a batch at most: with their columns they stay in the second-level cache. */
export const batchCapacity = 8192;

export function createColumns(capacity = batchCapacity): PacketColumns {
  return {
    count: 0,
    bytes: new Uint8Array(0),
    offsets: new Uint32Array(capacity),
    capturedLengths: new Uint32Array(capacity),
    lengths: new Uint32Array(capacity),
    seconds: new Float64Array(capacity),
    nanoseconds: new Uint32Array(capacity),
    linkType: { fileValue: 0 },
    firstNumber: 1,
  };
}

/** Makes room for the next batch, numbered on from the one that was there. */
export function startBatch(columns: PacketColumns): void {
  columns.firstNumber += columns.count;
  columns.count = 0;
}

import type { ByteSink } from './byte-sink.ts';

/**
 * Collects whole records before a sink. Where the sink fails in the middle of one (the disk is full), the file is cut
 * back to the last whole record, so that it still opens.
 */
export interface RecordBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /**
   * Room for a record of `size` bytes, at the returned position of `bytes`, zeroed or not. A promise where the sink
   * has to take earlier records first.
   */
  reserve(size: number): number | Promise<number>;
  /** Hands everything to the sink. */
  flush(): void | Promise<void>;
  /** Bytes reserved so far, flushed or not. */
  size(): number;
}

/** Records at most this long fit. */
export const longestRecordBuffered = 1 << 20;

export function createRecordBuffer(sink: ByteSink): RecordBuffer {
  const bytes = new Uint8Array(longestRecordBuffered);
  /** Where each record of the buffer ends. */
  let ends: number[] = [];
  let used = 0;

  const cutBack = (flushedBefore: number): void => {
    const partial = sink.written() - flushedBefore;
    sink.truncate(flushedBefore + (ends.findLast((end) => end <= partial) ?? 0));
  };
  const empty = (): void => {
    ends = [];
    used = 0;
  };
  const flush = (): void | Promise<void> => {
    if (used === 0) return;
    const before = sink.written();
    const fail = (error: unknown): never => {
      cutBack(before);
      empty();
      throw error;
    };
    try {
      const writing = sink.write(bytes.subarray(0, used));
      if (writing !== undefined) return writing.then(empty, fail);
    } catch (error) {
      fail(error);
    }
    empty();
  };
  const take = (size: number): number => {
    const position = used;
    used += size;
    ends.push(used);
    return position;
  };

  return {
    bytes,
    view: new DataView(bytes.buffer),
    reserve(size) {
      if (used + size <= bytes.length) return take(size);
      const flushing = flush();
      return flushing === undefined ? take(size) : flushing.then(() => take(size));
    },
    flush,
    size: () => sink.written() + used,
  };
}

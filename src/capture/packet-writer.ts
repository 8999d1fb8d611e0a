import type { PacketBatch } from './batch.ts';

/**
 * Writes packets to a capture file, one at a time, buffered. Every method that gives a promise has to wait for a slow
 * reader (back-pressure): no packet may follow before it is settled.
 * @throws CaptureError `disk-full` or `cannot-write`, from any method; what was written before stays a valid capture
 */
export interface PacketWriter {
  /** Adds a packet of a batch, cut to the writer's snaplen. */
  write(batch: PacketBatch, index: number): void | Promise<void>;
  /** Lets everything written so far reach the file. */
  flush(): void | Promise<void>;
  /** Flushes and closes. */
  close(): Promise<void>;
  /** Packets written. */
  packets(): number;
  /** Size of the capture in bytes, buffered ones included. */
  size(): number;
}

export interface WriterOptions {
  /** Number of the link type in capture files. */
  readonly linkTypeValue: number;
  /** Longer packets are cut to this, and all to `maximumSnaplen`. */
  readonly snaplen: number;
  /** Whether times are written to the nanosecond, else cut to the microsecond. */
  readonly nanoseconds: boolean;
}

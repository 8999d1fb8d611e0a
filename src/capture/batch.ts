import type { LinkType } from '../ir/link-type.ts';
import type { MetadataField } from '../ir/value.ts';

/**
 * Packets as columns: many at a time, no object per packet. A batch is valid until the next one is asked for; its
 * arrays are reused. Only the first `count` entries of each column mean anything.
 */
export interface PacketBatch {
  readonly count: number;
  /** Holds the captured bytes of all packets, not necessarily side by side. */
  readonly bytes: Uint8Array;
  /** Where each packet starts in `bytes`. */
  readonly offsets: Uint32Array;
  /** How many of its bytes were captured. */
  readonly capturedLengths: Uint32Array;
  /** Its length on the wire. */
  readonly lengths: Uint32Array;
  /** Seconds since 1970 (a float64 counts them exactly beyond 2106). */
  readonly seconds: Float64Array;
  readonly nanoseconds: Uint32Array;
  /** One link type for the whole batch: a source starts a new batch where it changes. */
  readonly linkType: LinkType | UnsupportedLinkType;
  /** Number in the source of the batch's first packet, from 1. */
  readonly firstNumber: number;
  /** What a live hook knows beside the bytes, a column each; a field without one reads as 0. */
  readonly metadata?: MetadataColumns;
}

export type MetadataColumns = Readonly<Partial<Record<MetadataField, Uint32Array>>>;

/** A link type that pktf does not know, by its number in the file. */
export interface UnsupportedLinkType {
  readonly fileValue: number;
}

/** Where packets come from: a capture file, a stream, a live interface. */
export interface PacketSource {
  /** Batches in order; ends with the source. A broken source throws after the last good packet was delivered. */
  batches(): AsyncIterable<PacketBatch>;
  close(): void;
}

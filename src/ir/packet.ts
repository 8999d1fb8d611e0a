import type { MetadataField } from './value.ts';

/** A packet as programs see it: the captured bytes, the length on the wire, and what a live hook knows beside them. */
export interface Packet {
  readonly bytes: Uint8Array;
  /** Length on the wire; at least `bytes.length`, more where the capture was cut short. */
  readonly length: number;
  /** Absent fields read as 0: there is no tag in metadata in a capture file. */
  readonly metadata?: Readonly<Partial<Record<MetadataField, number>>>;
}

/** A whole packet, nothing cut off. */
export function wholePacket(bytes: Uint8Array): Packet {
  return { bytes, length: bytes.length };
}

/** Reads a big-endian unsigned number, or undefined where it does not lie within the bytes. */
export function readUnsigned(bytes: Uint8Array, offset: number, size: 1 | 2 | 4): number | undefined {
  if (offset + size > bytes.length) return undefined;
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (bytes[offset + i] as number);
  return value;
}

import type { PacketBatch } from '../capture/batch.ts';
import type { LinkType } from '../ir/link-type.ts';

/** One whole packet as a batch, for engines. */
export function batchOfPacket(bytes: Uint8Array, linkType: LinkType): PacketBatch {
  return {
    count: 1,
    bytes,
    offsets: Uint32Array.of(0),
    capturedLengths: Uint32Array.of(bytes.length),
    lengths: Uint32Array.of(bytes.length),
    seconds: Float64Array.of(0),
    nanoseconds: Uint32Array.of(0),
    linkType,
    firstNumber: 1,
  };
}

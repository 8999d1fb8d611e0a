import type { PacketBatch } from '../../src/capture/batch.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import type { MetadataField } from '../../src/ir/value.ts';

/** Packets as a batch, with gaps between them that no reader may look at. */
export function batchOf(packets: readonly Packet[], linkType: LinkType = 'EN10MB'): PacketBatch {
  const gap = 3;
  const bytes = new Uint8Array(packets.reduce((sum, packet) => sum + packet.bytes.length + gap, gap)).fill(0xaa);
  const offsets = new Uint32Array(packets.length);
  let offset = gap;
  packets.forEach((packet, index) => {
    offsets[index] = offset;
    bytes.set(packet.bytes, offset);
    offset += packet.bytes.length + gap;
  });
  const metadata: Partial<Record<MetadataField, Uint32Array>> = {};
  packets.forEach((packet, index) => {
    for (const [field, value] of Object.entries(packet.metadata ?? {}) as [MetadataField, number][]) {
      (metadata[field] ??= new Uint32Array(packets.length))[index] = value;
    }
  });
  return {
    count: packets.length,
    bytes,
    offsets,
    capturedLengths: Uint32Array.from(packets, (packet) => packet.bytes.length),
    lengths: Uint32Array.from(packets, (packet) => packet.length),
    seconds: Float64Array.from(packets, (_, index) => 1_700_000_000 + index),
    nanoseconds: new Uint32Array(packets.length),
    linkType,
    firstNumber: 1,
    // Like captures from files, where no packet has any: engines tell the two apart.
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

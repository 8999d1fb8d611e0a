import type { PacketBatch } from '../capture/batch.ts';
import type { Packet } from '../ir/packet.ts';
import type { MetadataField } from '../ir/value.ts';

/** One packet of a batch as an object, for what looks at few. Its bytes are valid as long as the batch. */
export function packetOfBatch(batch: PacketBatch, index: number): Packet {
  const offset = batch.offsets[index] as number;
  const bytes = batch.bytes.subarray(offset, offset + (batch.capturedLengths[index] as number));
  const length = batch.lengths[index] as number;
  const metadata = metadataOfPacket(batch, index);
  return metadata === undefined ? { bytes, length } : { bytes, length, metadata };
}

/** What a live hook told of one packet. */
export function metadataOfPacket(batch: PacketBatch, index: number): Packet['metadata'] {
  if (batch.metadata === undefined) return undefined;
  const columns = Object.entries(batch.metadata) as [MetadataField, Uint32Array][];
  return Object.fromEntries(columns.map(([field, column]) => [field, column[index] as number]));
}

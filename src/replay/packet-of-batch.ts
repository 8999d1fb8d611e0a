import type { PacketBatch } from '../capture/batch.ts';
import type { Packet } from '../ir/packet.ts';
import type { MetadataField } from '../ir/value.ts';

/** One packet of a batch as an object, for what looks at few. Its bytes are valid as long as the batch. */
export function packetOfBatch(batch: PacketBatch, index: number): Packet {
  const offset = batch.offsets[index] as number;
  const bytes = batch.bytes.subarray(offset, offset + (batch.capturedLengths[index] as number));
  const length = batch.lengths[index] as number;
  if (batch.metadata === undefined) return { bytes, length };
  const known = Object.entries(batch.metadata).map(([field, column]) => [
    field as MetadataField,
    column[index] as number,
  ]);
  return { bytes, length, metadata: Object.fromEntries(known) as Partial<Record<MetadataField, number>> };
}

import type { PacketBatch } from '../capture/batch.ts';
import { summarize } from '../packet/summary.ts';

/** One line for a packet of a batch, as tcpdump begins its own: local time of day, then what it is. */
export function packetLine(batch: PacketBatch, index: number): string {
  const offset = batch.offsets[index] as number;
  const bytes = batch.bytes.subarray(offset, offset + (batch.capturedLengths[index] as number));
  const { linkType } = batch;
  const length = batch.lengths[index] as number;
  const what = typeof linkType === 'string' ? summarize(bytes, length, linkType) : `link type ${linkType.fileValue}`;
  return `${timeOfDay(batch.seconds[index] as number, batch.nanoseconds[index] as number)} ${what}`;
}

function timeOfDay(seconds: number, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${parts.join(':')}.${String(Math.floor(nanoseconds / 1000)).padStart(6, '0')}`;
}

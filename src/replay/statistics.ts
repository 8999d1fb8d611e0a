import type { PacketBatch } from '../capture/batch.ts';
import type { LinkType } from '../ir/link-type.ts';
import { createTimeLine, type TimeSlot } from './time-line.ts';

/** What some packets are: of which protocols, how long, when. */
export interface Statistics {
  readonly packets: number;
  readonly bytes: number;
  /** Most packets first. */
  readonly protocols: readonly ProtocolCount[];
  /** By length on the wire; every range, empty ones included. */
  readonly sizes: readonly SizeCount[];
  /** The time from the first packet to the last in at most 64 slots. */
  readonly timeLine: readonly TimeSlot[];
  /** Seconds per slot. */
  readonly slotWidth: number;
}

export interface ProtocolCount {
  readonly protocol: string;
  readonly packets: number;
  readonly bytes: number;
}

export interface SizeCount {
  readonly least: number;
  /** Infinity for the last range. */
  readonly greatest: number;
  readonly packets: number;
}

/** Where ranges of lengths begin: of the powers of two, and the longest frame of plain Ethernet. */
const sizeStarts: readonly number[] = [0, 64, 128, 256, 512, 1024, 1519, 9019];

/** Tells protocols apart, as `packet/classify.ts` does: a number for each while counting, words in the end. */
export interface PacketClassifier {
  /** @param view over the batch; the packet's `captured` bytes stand from `offset` on */
  readonly classify: (view: DataView, offset: number, captured: number, linkType: LinkType) => number;
  readonly describe: (code: number) => string;
}

export interface StatisticsCollector {
  /** @param wanted whether a packet of the batch counts; all do unless said */
  add(batch: PacketBatch, wanted?: (index: number) => boolean): void;
  result(): Statistics;
}

export function createStatistics(classifier: PacketClassifier): StatisticsCollector {
  const protocols = new Map<number, { packets: number; bytes: number }>();
  const sizes = new Float64Array(sizeStarts.length);
  const timeLine = createTimeLine();
  let packets = 0;
  let bytes = 0;

  const addPacket = (batch: PacketBatch, view: DataView, index: number): void => {
    const length = batch.lengths[index] as number;
    const code = codeOf(classifier, batch, view, index);
    let count = protocols.get(code);
    if (count === undefined) protocols.set(code, (count = { packets: 0, bytes: 0 }));
    count.packets++;
    count.bytes += length;
    const range = sizeStarts.findLastIndex((start) => length >= start);
    sizes[range] = (sizes[range] as number) + 1;
    timeLine.add((batch.seconds[index] as number) + (batch.nanoseconds[index] as number) / 1e9, length);
    packets++;
    bytes += length;
  };

  return {
    add(batch, wanted) {
      const view = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
      for (let i = 0; i < batch.count; i++) if (wanted === undefined || wanted(i)) addPacket(batch, view, i);
    },
    result: () => ({
      packets,
      bytes,
      protocols: [...protocols]
        .map(([code, count]) => ({
          protocol: code === otherLinkType ? 'other link type' : classifier.describe(code),
          ...count,
        }))
        .toSorted((a, b) => b.packets - a.packets),
      sizes: sizeStarts.map((least, range) => {
        return { least, greatest: (sizeStarts[range + 1] ?? Infinity) - 1, packets: sizes[range] as number };
      }),
      timeLine: timeLine.slots(),
      slotWidth: timeLine.width(),
    }),
  };
}

/** No classifier's code. */
const otherLinkType = -1;

function codeOf({ classify }: PacketClassifier, batch: PacketBatch, view: DataView, index: number): number {
  const { linkType, offsets, capturedLengths } = batch;
  if (typeof linkType !== 'string') return otherLinkType;
  return classify(view, offsets[index] as number, capturedLengths[index] as number, linkType);
}

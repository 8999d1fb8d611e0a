import type { PacketBatch } from './batch.ts';
import { fillWindow, windowOffset, type ByteWindow } from './byte-window.ts';
import { CaptureError } from './capture-error.ts';
import { batchCapacity, createColumns, startBatch, type PacketColumns } from './columns.ts';
import {
  effectiveSnaplen,
  fileHeaderLength,
  kuznetzovPcap,
  linkTypeOf,
  longestRecord,
  recognizePcap,
  type PcapVariant,
} from './pcap-format.ts';

/** What the header of a pcap file says. */
export interface PcapHeader {
  readonly variant: PcapVariant;
  readonly littleEndian: boolean;
  readonly snaplen: number;
  /** Number of the link type in the file, without the frame check sequence bits. */
  readonly linkTypeValue: number;
  /** Whether the two lengths of a record stand the other way round: always, never, or where they must. */
  readonly lengthsSwapped: 'never' | 'where-captured-is-greater' | 'always';
}

/**
 * Reads the header of a pcap file from the window, which must begin with one of the magic numbers.
 * @throws CaptureError `truncated` or `unsupported`
 */
export async function readPcapHeader(window: ByteWindow): Promise<PcapHeader> {
  const { name } = window.source;
  if (!(await fillWindow(window, fileHeaderLength))) {
    throw new CaptureError('truncated', name, `the capture ends inside its header: ${window.end} of 24 bytes`);
  }
  const { view, start } = window;
  const recognized = recognizePcap(view, start);
  if (recognized === undefined) throw new CaptureError('not-a-capture', name, 'is not a pcap file');
  const { variant, littleEndian } = recognized;
  const major = view.getUint16(start + 4, littleEndian);
  const minor = view.getUint16(start + 6, littleEndian);
  // 543.0 is DG/UX tcpdump's.
  if (!((major === 2 && minor <= 4) || (major === 543 && minor === 0))) {
    throw new CaptureError('unsupported', name, `pcap version ${major}.${minor} is not supported`, { offset: 4 });
  }
  const linkTypeWord = view.getUint32(start + 20, littleEndian);
  // Above the link type: 10 reserved bits, a flag and a length that describe the frame check sequence.
  if ((linkTypeWord & 0x03ff_0000) !== 0) {
    const word = `0x${linkTypeWord.toString(16).padStart(8, '0')}`;
    throw new CaptureError('corrupt', name, `reserved bits are set in the link type ${word}`, { offset: 20 });
  }
  const linkTypeValue = linkTypeWord & 0xffff;
  let snaplen = effectiveSnaplen(view.getUint32(start + 16, littleEndian), linkTypeValue);
  // Those systems captured Ethernet cooked: an invented Ethernet header came on top of the snaplen.
  if (variant === kuznetzovPcap && linkTypeValue === 1) snaplen += 14;
  window.start += fileHeaderLength;
  return { variant, littleEndian, snaplen, linkTypeValue, lengthsSwapped: orderOfLengths(major, minor) };
}

/** The order changed with version 2.3, but some writers changed the number and not the order. */
function orderOfLengths(major: number, minor: number): PcapHeader['lengthsSwapped'] {
  if (major === 543 || minor < 3) return 'always';
  return minor === 3 ? 'where-captured-is-greater' : 'never';
}

/**
 * The packets of a pcap file, of which `header` was just read from the window.
 * @throws CaptureError `truncated`, `corrupt` or `cannot-read`, after all packets before
 */
export async function* readPcapPackets(window: ByteWindow, header: PcapHeader): AsyncGenerator<PacketBatch> {
  const columns = createColumns();
  columns.linkType = linkTypeOf(header.linkTypeValue);
  let wanted = header.variant.recordHeaderLength;
  for (;;) {
    if (!(await fillWindow(window, wanted))) {
      if (window.end === window.start) return;
      throw truncated(window, header, columns);
    }
    wanted = takeRecords(window, header, columns);
    if (columns.count > 0) {
      yield columns;
      startBatch(columns);
    }
    if (wanted === corrupt) throw badLength(window, header, columns);
  }
}

/** Stands in for a number of wanted bytes: the next record cannot be one. */
const corrupt = -1;

/**
 * Enters the whole records of the window, up to the columns' capacity.
 * @returns how many bytes the window needs for the next record, or `corrupt`
 */
function takeRecords(window: ByteWindow, header: PcapHeader, columns: PacketColumns): number {
  const { view, end } = window;
  const { littleEndian, snaplen, lengthsSwapped } = header;
  const { recordHeaderLength, fractionsPerSecond } = header.variant;
  const { offsets, capturedLengths, lengths, seconds, nanoseconds } = columns;
  const longest = longestRecord(header.linkTypeValue);
  const nanosecondsPerFraction = 1_000_000_000 / fractionsPerSecond;
  let wanted = recordHeaderLength;
  let position = window.start;
  let count = 0;
  while (count < batchCapacity && position + recordHeaderLength <= end) {
    let captured = view.getUint32(position + 8, littleEndian);
    let length = view.getUint32(position + 12, littleEndian);
    if (lengthsSwapped !== 'never' && (lengthsSwapped === 'always' || captured > length)) {
      [captured, length] = [length, captured];
    }
    if (captured > longest) {
      wanted = corrupt;
      break;
    }
    const next = position + recordHeaderLength + captured;
    if (next > end) {
      wanted = recordHeaderLength + captured;
      break;
    }
    const fraction = view.getUint32(position + 4, littleEndian);
    const excess = fraction < fractionsPerSecond ? 0 : Math.floor(fraction / fractionsPerSecond);
    offsets[count] = position + recordHeaderLength;
    // Longer than the header allows: libpcap cuts it there, and so do we.
    capturedLengths[count] = captured > snaplen ? snaplen : captured;
    lengths[count] = length;
    seconds[count] = view.getUint32(position, littleEndian) + excess;
    nanoseconds[count] = (fraction - excess * fractionsPerSecond) * nanosecondsPerFraction;
    count++;
    position = next;
  }
  window.start = position;
  columns.bytes = window.buffer;
  columns.count = count;
  return wanted;
}

function truncated(window: ByteWindow, header: PcapHeader, columns: PacketColumns): CaptureError {
  const place = { offset: windowOffset(window), packetNumber: columns.firstNumber };
  const { recordHeaderLength } = header.variant;
  const held = window.end - window.start;
  const what =
    held < recordHeaderLength
      ? `${held} of ${recordHeaderLength} header bytes are there`
      : `${held - recordHeaderLength} of its captured bytes are there`;
  return new CaptureError('truncated', window.source.name, `the capture ends inside a packet: ${what}`, place);
}

function badLength(window: ByteWindow, header: PcapHeader, columns: PacketColumns): CaptureError {
  const place = { offset: windowOffset(window), packetNumber: columns.firstNumber };
  const { view, start } = window;
  const lengths = [view.getUint32(start + 8, header.littleEndian), view.getUint32(start + 12, header.littleEndian)];
  const [captured] = header.lengthsSwapped === 'never' ? lengths : lengths.reverse();
  const reason = `a packet claims ${captured} captured bytes, more than the ${longestRecord(header.linkTypeValue)} possible`;
  return new CaptureError('corrupt', window.source.name, reason, place);
}

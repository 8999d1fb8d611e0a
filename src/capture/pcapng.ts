import type { PacketBatch } from './batch.ts';
import { fillWindow, windowOffset, type ByteWindow } from './byte-window.ts';
import { CaptureError, type CaptureErrorCode } from './capture-error.ts';
import { batchCapacity, createColumns, startBatch, type PacketColumns } from './columns.ts';
import { blockHeaderLength, blockOverhead, blockType, byteOrderMagic, longestBlock } from './pcapng-format.ts';
import { enterTime, InterfaceError, parseInterface, type CaptureInterface } from './pcapng-interface.ts';

/** Where a pcapng capture is read: its section's byte order and interfaces, and the packets of the batch so far. */
interface Reader {
  readonly window: ByteWindow;
  readonly columns: PacketColumns;
  littleEndian: boolean;
  interfaces: CaptureInterface[];
}

/** Why no further block is taken from the window. */
type Stop =
  /** So many bytes are needed for the next block. */
  | { readonly kind: 'wants'; readonly bytes: number }
  /** The batch is full, or the next packet has another link type. */
  | { readonly kind: 'batch-ends' }
  | { readonly kind: 'failed'; readonly error: CaptureError };

/**
 * The packets of a pcapng capture: any number of sections and interfaces, all kinds of packet blocks; other blocks are
 * skipped. The window stands before the first section header.
 * @throws CaptureError `truncated`, `corrupt`, `unsupported` or `cannot-read`, after all packets before
 */
export async function* readPcapngPackets(window: ByteWindow): AsyncGenerator<PacketBatch> {
  const reader: Reader = { window, columns: createColumns(), littleEndian: true, interfaces: [] };
  const { columns } = reader;
  for (;;) {
    const stop = takeBlocks(reader);
    if (columns.count > 0) {
      columns.bytes = window.buffer;
      yield columns;
      startBatch(columns);
    }
    if (stop.kind === 'failed') throw stop.error;
    if (stop.kind === 'batch-ends' || (await fillWindow(window, stop.bytes))) continue;
    if (window.start === window.end) return;
    throw failure(
      reader,
      'truncated',
      `the capture ends inside a block, of which ${window.end - window.start} bytes are there`,
    );
  }
}

function takeBlocks(reader: Reader): Stop {
  const { window } = reader;
  for (;;) {
    const held = window.end - window.start;
    if (held < blockOverhead) return { kind: 'wants', bytes: blockOverhead };
    const type = window.view.getUint32(window.start, reader.littleEndian);
    if (type === blockType.section) {
      // The first four bytes of its body say how to read all else, its length included.
      const littleEndian = byteOrderAt(window.view, window.start + blockHeaderLength);
      if (littleEndian === undefined) return failed(reader, 'corrupt', 'a section header has no byte-order magic');
      reader.littleEndian = littleEndian;
    }
    const length = window.view.getUint32(window.start + 4, reader.littleEndian);
    if (length < blockOverhead || length % 4 !== 0 || length > longestBlock) {
      return failed(reader, 'corrupt', `a block claims a length of ${length} bytes`);
    }
    if (held < length) return { kind: 'wants', bytes: length };
    if (window.view.getUint32(window.start + length - 4, reader.littleEndian) !== length) {
      return failed(reader, 'corrupt', `a block's two lengths differ`);
    }
    const stop = takeBlock(reader, type, window.start + blockHeaderLength, window.start + length - 4);
    if (stop !== undefined) return stop;
    window.start += length;
  }
}

function byteOrderAt(view: DataView, offset: number): boolean | undefined {
  if (view.getUint32(offset, true) === byteOrderMagic) return true;
  return view.getUint32(offset) === byteOrderMagic ? false : undefined;
}

/** Takes a whole block, or says why not; its body is from `start` to `end`. */
function takeBlock(reader: Reader, type: number, start: number, end: number): Stop | undefined {
  switch (type) {
    case blockType.section:
      return takeSection(reader, start, end);
    case blockType.interface:
      return takeInterface(reader, start, end);
    case blockType.enhancedPacket:
      return takePacket(reader, start, end, 4);
    case blockType.packet:
      return takePacket(reader, start, end, 2);
    case blockType.simplePacket:
      return takeSimplePacket(reader, start, end);
    default:
      return undefined;
  }
}

function takeSection(reader: Reader, start: number, end: number): Stop | undefined {
  const { view } = reader.window;
  if (start + 16 > end) return failed(reader, 'corrupt', 'a section header is too short');
  const [major, minor] = [
    view.getUint16(start + 4, reader.littleEndian),
    view.getUint16(start + 6, reader.littleEndian),
  ];
  // Some writers call version 1.0 with further block types 1.2.
  if (major !== 1 || (minor !== 0 && minor !== 2)) {
    return failed(reader, 'unsupported', `pcapng version ${major}.${minor} is not supported`);
  }
  reader.interfaces = [];
  return undefined;
}

function takeInterface(reader: Reader, start: number, end: number): Stop | undefined {
  if (reader.interfaces.length === mostInterfaces) {
    return failed(reader, 'corrupt', `a section describes more than ${mostInterfaces} interfaces`);
  }
  try {
    reader.interfaces.push(parseInterface(reader.window.view, start, end, reader.littleEndian));
    return undefined;
  } catch (error) {
    if (error instanceof InterfaceError) return failed(reader, 'corrupt', error.message);
    throw error;
  }
}

/** Packet blocks of the obsolete kind can tell no more apart; a file that has more wants to fill memory. */
const mostInterfaces = 65_536;

/** An enhanced packet block, or an obsolete one, whose interface number has half the size and a drop count behind it. */
function takePacket(reader: Reader, start: number, end: number, idSize: 2 | 4): Stop | undefined {
  const { littleEndian, columns } = reader;
  const { view } = reader.window;
  if (start + 20 > end) return failed(reader, 'corrupt', 'a packet block is too short');
  const id = idSize === 4 ? view.getUint32(start, littleEndian) : view.getUint16(start, littleEndian);
  const index = columns.count;
  const captured = view.getUint32(start + 12, littleEndian);
  const stop = enterPacket(reader, id, start + 20, end, captured, view.getUint32(start + 16, littleEndian));
  if (stop !== undefined) return stop;
  const [high, low] = [view.getUint32(start + 4, littleEndian), view.getUint32(start + 8, littleEndian)];
  enterTime(columns, index, high, low, reader.interfaces[id] as CaptureInterface);
  return undefined;
}

/** Without a time, of the section's first interface, captured up to that one's snaplen. */
function takeSimplePacket(reader: Reader, start: number, end: number): Stop | undefined {
  const { columns, littleEndian, interfaces } = reader;
  if (start + 4 > end) return failed(reader, 'corrupt', 'a packet block is too short');
  const length = reader.window.view.getUint32(start, littleEndian);
  const captured = Math.min(length, interfaces[0]?.snaplen || Infinity);
  const index = columns.count;
  const stop = enterPacket(reader, 0, start + 4, end, captured, length);
  if (stop !== undefined) return stop;
  columns.seconds[index] = 0;
  columns.nanoseconds[index] = 0;
  return undefined;
}

function enterPacket(
  reader: Reader,
  id: number,
  start: number,
  end: number,
  captured: number,
  length: number,
): Stop | undefined {
  const { columns, interfaces } = reader;
  const { count } = columns;
  const from = interfaces[id];
  if (from === undefined) return failed(reader, 'corrupt', `a packet is of interface ${id}, which nothing describes`);
  if (captured > from.longest || start + captured > end) {
    return failed(reader, 'corrupt', `a packet claims ${captured} captured bytes, and its block has ${end - start}`);
  }
  if (count === batchCapacity || (count > 0 && !isSameLinkType(columns.linkType, from.linkType))) {
    return { kind: 'batch-ends' };
  }
  columns.linkType = from.linkType;
  columns.offsets[count] = start;
  columns.capturedLengths[count] = captured;
  columns.lengths[count] = length;
  columns.count++;
  return undefined;
}

function isSameLinkType(a: PacketBatch['linkType'], b: PacketBatch['linkType']): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && a.fileValue === b.fileValue);
}

function failed(reader: Reader, code: CaptureErrorCode, reason: string): Stop {
  return { kind: 'failed', error: failure(reader, code, reason) };
}

function failure({ window, columns }: Reader, code: CaptureErrorCode, reason: string): CaptureError {
  const place = { offset: windowOffset(window), packetNumber: columns.firstNumber + columns.count };
  return new CaptureError(code, window.source.name, reason, place);
}

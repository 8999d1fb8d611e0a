import type { PacketBatch } from './batch.ts';
import { openByteSink, type ByteSink } from './byte-sink.ts';
import type { PacketWriter } from './packet-writer.ts';
import { maximumSnaplen } from './pcap-format.ts';
import { blockOverhead, blockType, byteOrderMagic, option, padded } from './pcapng-format.ts';
import { createRecordBuffer, type RecordBuffer } from './record-buffer.ts';
import { linkTypeFacts } from '../ir/link-type.ts';

export interface PcapngOptions {
  /** Longer packets are cut to this, and all to `maximumSnaplen`. */
  readonly snaplen: number;
  /** What wrote the capture, for its section header. */
  readonly application: string;
}

/** Writes packets of any link types, with comments. */
export interface PcapngWriter extends PacketWriter {
  /** @param comment for people, shown by Wireshark beside the packet: the rule that decided, say */
  write(batch: PacketBatch, index: number, comment?: string): void | Promise<void>;
}

/**
 * Creates a pcapng file with times in nanoseconds and one interface per link type. `-` is standard output.
 * @throws CaptureError where the path cannot be written
 */
export async function createPcapngFile(path: string, options: PcapngOptions): Promise<PcapngWriter> {
  return pcapngWriter(openByteSink(path), options);
}

/** The same into a sink, which the writer then owns. */
export async function pcapngWriter(sink: ByteSink, options: PcapngOptions): Promise<PcapngWriter> {
  const buffer = createRecordBuffer(sink);
  const snaplen = Math.min(options.snaplen, maximumSnaplen);
  /** Number of the interface for each link type's number. */
  const interfaces = new Map<number, number>();
  let packets = 0;
  try {
    const name = encodeText(options.application);
    enterSection(buffer, await buffer.reserve(sectionLength(name)), name);
    await buffer.flush();
  } catch (error) {
    await sink.close();
    throw error;
  }

  const writeWaiting = async (batch: PacketBatch, index: number, comment: Uint8Array): Promise<void> => {
    const linkType = fileValueOf(batch);
    if (!interfaces.has(linkType)) {
      interfaces.set(linkType, interfaces.size);
      enterInterface(buffer, await buffer.reserve(interfaceLength), linkType, snaplen);
    }
    const captured = Math.min(batch.capturedLengths[index] as number, snaplen);
    const position = await buffer.reserve(packetLength(captured, comment));
    const from = interfaces.get(linkType) as number;
    enterPacket(buffer, position, { batch, index, captured, comment, from });
    packets++;
  };

  return {
    write: (batch, index, comment) => writeWaiting(batch, index, encodeText(comment ?? '')),
    flush: () => buffer.flush(),
    async close() {
      try {
        await buffer.flush();
      } finally {
        await sink.close();
      }
    },
    packets: () => packets,
    size: () => buffer.size(),
  };
}

/** Option values hold at most 65,535 bytes; nobody wants comments as long. */
const longestText = 4096;

function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(Math.min(3 * text.length, longestText));
  // Takes whole characters only.
  return bytes.subarray(0, new TextEncoder().encodeInto(text, bytes).written);
}

function fileValueOf({ linkType }: PacketBatch): number {
  return typeof linkType === 'string' ? linkTypeFacts(linkType).fileValue : linkType.fileValue;
}

/** An option with its head; none for an empty text. */
function optionLength(text: Uint8Array): number {
  return text.length === 0 ? 0 : 4 + padded(text.length);
}

const endOfOptions = 4;
/** Option shb_userappl. */
const applicationOption = 4;

function sectionLength(application: Uint8Array): number {
  return blockOverhead + 16 + optionLength(application) + endOfOptions;
}

const interfaceLength = blockOverhead + 8 + 8 + endOfOptions;

function packetLength(captured: number, comment: Uint8Array): number {
  const options = comment.length === 0 ? 0 : optionLength(comment) + endOfOptions;
  return blockOverhead + 20 + padded(captured) + options;
}

function enterSection(buffer: RecordBuffer, position: number, application: Uint8Array): void {
  const { view } = buffer;
  const end = enterFrame(buffer, position, blockType.section, sectionLength(application));
  view.setUint32(position + 8, byteOrderMagic, true);
  view.setUint16(position + 12, 1, true);
  view.setUint16(position + 14, 0, true);
  // Length of the section: not told.
  view.setBigInt64(position + 16, -1n, true);
  enterOptions(buffer, position + 24, end, applicationOption, application);
}

function enterInterface(buffer: RecordBuffer, position: number, linkType: number, snaplen: number): void {
  const { view } = buffer;
  const end = enterFrame(buffer, position, blockType.interface, interfaceLength);
  view.setUint16(position + 8, linkType, true);
  view.setUint16(position + 10, 0, true);
  view.setUint32(position + 12, snaplen, true);
  enterOptions(buffer, position + 16, end, option.timeResolution, Uint8Array.of(9));
}

interface PacketPlace {
  readonly batch: PacketBatch;
  readonly index: number;
  readonly captured: number;
  readonly comment: Uint8Array;
  /** Number of the interface. */
  readonly from: number;
}

function enterPacket(buffer: RecordBuffer, position: number, place: PacketPlace): void {
  const { view, bytes } = buffer;
  const { batch, index, captured, comment, from } = place;
  const end = enterFrame(buffer, position, blockType.enhancedPacket, packetLength(captured, comment));
  const time = BigInt(batch.seconds[index] as number) * 1_000_000_000n + BigInt(batch.nanoseconds[index] as number);
  const offset = batch.offsets[index] as number;
  view.setUint32(position + 8, from, true);
  view.setUint32(position + 12, Number((time >> 32n) & 0xffff_ffffn), true);
  view.setUint32(position + 16, Number(time & 0xffff_ffffn), true);
  view.setUint32(position + 20, captured, true);
  view.setUint32(position + 24, batch.lengths[index] as number, true);
  bytes.set(batch.bytes.subarray(offset, offset + captured), position + 28);
  bytes.fill(0, position + 28 + captured, position + 28 + padded(captured));
  if (comment.length > 0) enterOptions(buffer, position + 28 + padded(captured), end, option.comment, comment);
}

/** Type and both lengths. @returns where the body ends */
function enterFrame({ view }: RecordBuffer, position: number, type: number, length: number): number {
  view.setUint32(position, type, true);
  view.setUint32(position + 4, length, true);
  view.setUint32(position + length - 4, length, true);
  return position + length - 4;
}

/** One option, where it has a value, and the end of options; fills the body up to its end. */
function enterOptions(
  { view, bytes }: RecordBuffer,
  position: number,
  end: number,
  code: number,
  value: Uint8Array,
): void {
  bytes.fill(0, position, end);
  if (value.length === 0) return;
  view.setUint16(position, code, true);
  view.setUint16(position + 2, value.length, true);
  bytes.set(value, position + 4);
}

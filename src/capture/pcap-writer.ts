import { openByteSink, type ByteSink } from './byte-sink.ts';
import type { PacketWriter, WriterOptions } from './packet-writer.ts';
import { fileHeaderLength, maximumSnaplen, microsecondPcap, nanosecondPcap, version } from './pcap-format.ts';
import { createRecordBuffer, type RecordBuffer } from './record-buffer.ts';

/**
 * Creates a pcap file, little-endian, that starts with its header even where no packet follows. `-` is standard output.
 * @throws CaptureError where the path cannot be written
 */
export async function createPcapFile(path: string, options: WriterOptions): Promise<PacketWriter> {
  return pcapWriter(openByteSink(path), options);
}

/** The same into a sink, which the writer then owns. */
export async function pcapWriter(sink: ByteSink, options: WriterOptions): Promise<PacketWriter> {
  const buffer = createRecordBuffer(sink);
  const snaplen = Math.min(options.snaplen, maximumSnaplen);
  const variant = options.nanoseconds ? nanosecondPcap : microsecondPcap;
  const nanosecondsPerFraction = 1_000_000_000 / variant.fractionsPerSecond;
  let packets = 0;
  try {
    writeHeader(buffer, await buffer.reserve(fileHeaderLength), variant.magic, options);
    await buffer.flush();
  } catch (error) {
    await sink.close();
    throw error;
  }

  return {
    write(batch, index) {
      const captured = Math.min(batch.capturedLengths[index] as number, snaplen);
      const enter = (position: number): void => {
        const { view, bytes } = buffer;
        const offset = batch.offsets[index] as number;
        view.setUint32(position, batch.seconds[index] as number, true);
        view.setUint32(position + 4, (batch.nanoseconds[index] as number) / nanosecondsPerFraction, true);
        view.setUint32(position + 8, captured, true);
        view.setUint32(position + 12, batch.lengths[index] as number, true);
        bytes.set(batch.bytes.subarray(offset, offset + captured), position + variant.recordHeaderLength);
        packets++;
      };
      const position = buffer.reserve(variant.recordHeaderLength + captured);
      return typeof position === 'number' ? enter(position) : position.then(enter);
    },
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

function writeHeader({ view }: RecordBuffer, position: number, magic: number, options: WriterOptions): void {
  view.setUint32(position, magic, true);
  view.setUint16(position + 4, version.major, true);
  view.setUint16(position + 6, version.minor, true);
  // Time zone and accuracy: obsolete, 0 by definition.
  view.setUint32(position + 8, 0, true);
  view.setUint32(position + 12, 0, true);
  view.setUint32(position + 16, options.snaplen, true);
  view.setUint32(position + 20, options.linkTypeValue, true);
}

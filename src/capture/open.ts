import type { PacketBatch, PacketSource } from './batch.ts';
import { openByteSource, type ByteSource } from './byte-source.ts';
import { createWindow, fillWindow, windowOffset, type ByteWindow } from './byte-window.ts';
import { CaptureError } from './capture-error.ts';
import { decompress } from './compression.ts';
import { readPcapHeader, readPcapPackets } from './pcap.ts';
import { linkTypeOf, maximumSnaplen, recognizePcap } from './pcap-format.ts';
import { readPcapngPackets } from './pcapng.ts';
import { blockType } from './pcapng-format.ts';
import type { LinkType } from '../ir/link-type.ts';
import type { UnsupportedLinkType } from './batch.ts';

/** An open capture: its packets, and what a copy of it must repeat in its header. */
export interface Capture extends PacketSource {
  readonly name: string;
  readonly format: 'pcap' | 'pcapng';
  /** Of all its packets; undefined for pcapng, whose interfaces may differ: there each batch tells. */
  readonly linkType: LinkType | UnsupportedLinkType | undefined;
  /** No packet has more captured bytes. */
  readonly snaplen: number;
  /** Whether times are finer than microseconds. */
  readonly nanoseconds: boolean;
  /** Bytes of the file, where known before reading; undefined for a pipe. */
  readonly size: number | undefined;
  /** Bytes consumed so far, for a progress bar beside `size`. */
  bytesRead(): number;
}

/**
 * Opens a capture file, a pipe, or standard input (`-`), of whatever format it turns out to be.
 * @throws CaptureError where it cannot be opened or is no capture
 */
export async function openCapture(path: string): Promise<Capture> {
  return captureOf(openByteSource(path));
}

/** The same for bytes from elsewhere. Closes the source where it is no capture. */
export async function captureOf(source: ByteSource): Promise<Capture> {
  try {
    const window = createWindow(source);
    await readMagic(window);
    const decompressed = decompress(window);
    if (decompressed === undefined) return await sniff(window);
    const inner = createWindow(decompressed);
    await readMagic(inner);
    // Progress is measured in the bytes of the file, which only the outer source knows.
    return { ...(await sniff(inner)), size: undefined };
  } catch (error) {
    source.close();
    throw error;
  }
}

const magicLength = 4;

async function readMagic(window: ByteWindow): Promise<void> {
  const { name } = window.source;
  const enough = await fillWindow(window, magicLength);
  if (window.end === 0) throw new CaptureError('empty', name, 'is empty: not even a capture header');
  if (!enough) throw new CaptureError('not-a-capture', name, `is no capture: it has only ${window.end} bytes`);
}

async function sniff(window: ByteWindow): Promise<Capture> {
  if (recognizePcap(window.view, 0) !== undefined) return openPcap(window);
  if (window.view.getUint32(0) === blockType.section) return openPcapng(window);
  const { name } = window.source;
  throw new CaptureError(
    'not-a-capture',
    name,
    'is no capture file that pktf knows (pcap, pcapng, or these in gzip or zstd)',
  );
}

function openPcapng(window: ByteWindow): Capture {
  return {
    ...commonTo(window),
    format: 'pcapng',
    linkType: undefined,
    snaplen: maximumSnaplen,
    nanoseconds: true,
    batches: (): AsyncIterable<PacketBatch> => readPcapngPackets(window),
  };
}

async function openPcap(window: ByteWindow): Promise<Capture> {
  const header = await readPcapHeader(window);
  return {
    ...commonTo(window),
    format: 'pcap',
    linkType: linkTypeOf(header.linkTypeValue),
    snaplen: header.snaplen,
    nanoseconds: header.variant.fractionsPerSecond === 1_000_000_000,
    batches: (): AsyncIterable<PacketBatch> => readPcapPackets(window, header),
  };
}

function commonTo(window: ByteWindow): Pick<Capture, 'name' | 'size' | 'bytesRead' | 'close'> {
  const { source } = window;
  return {
    name: source.name,
    size: source.size,
    bytesRead: () => windowOffset(window),
    close: () => source.close(),
  };
}

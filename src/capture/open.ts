import type { PacketBatch, PacketSource } from './batch.ts';
import { openByteSource, type ByteSource } from './byte-source.ts';
import { createWindow, fillWindow, type ByteWindow } from './byte-window.ts';
import { CaptureError } from './capture-error.ts';
import { readPcapHeader, readPcapPackets } from './pcap.ts';
import { linkTypeOf, recognizePcap } from './pcap-format.ts';
import type { LinkType } from '../ir/link-type.ts';
import type { UnsupportedLinkType } from './batch.ts';

/** An open capture: its packets, and what a copy of it must repeat in its header. */
export interface Capture extends PacketSource {
  readonly name: string;
  readonly format: 'pcap';
  readonly linkType: LinkType | UnsupportedLinkType;
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
    return await sniff(createWindow(source));
  } catch (error) {
    source.close();
    throw error;
  }
}

async function sniff(window: ByteWindow): Promise<Capture> {
  const { source } = window;
  const enough = await fillWindow(window, 4);
  if (window.end === 0) throw new CaptureError('empty', source.name, 'is empty: not even a capture header');
  if (!enough) {
    throw new CaptureError('not-a-capture', source.name, `is no capture: it has only ${window.end} bytes`);
  }
  if (recognizePcap(window.view, 0) !== undefined) return openPcap(window);
  throw new CaptureError('not-a-capture', source.name, 'is no capture file that pktf knows (pcap)');
}

async function openPcap(window: ByteWindow): Promise<Capture> {
  const { source } = window;
  const header = await readPcapHeader(window);
  return {
    name: source.name,
    format: 'pcap',
    linkType: linkTypeOf(header.linkTypeValue),
    snaplen: header.snaplen,
    nanoseconds: header.variant.fractionsPerSecond === 1_000_000_000,
    size: source.size,
    bytesRead: () => window.base + window.start,
    batches: (): AsyncIterable<PacketBatch> => readPcapPackets(window, header),
    close: () => source.close(),
  };
}

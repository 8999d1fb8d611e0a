import { statSync } from 'node:fs';
import type { PacketBatch, UnsupportedLinkType } from '../capture/batch.ts';
import type { PacketWriter } from '../capture/packet-writer.ts';
import { createPcapFile } from '../capture/pcap-writer.ts';
import { createRotatingWriter, type Rotation } from '../capture/rotating-writer.ts';
import { linkTypeFacts, type LinkType } from '../ir/link-type.ts';
import { version } from '../version.ts';
import { InputError } from './input-error.ts';

export interface CaptureOutputOptions {
  readonly path: string;
  readonly snaplen: number;
  readonly nanoseconds: boolean;
  readonly linkType: LinkType | UnsupportedLinkType;
  /** The format of what is copied. A path that ends in `.pcap` or `.pcapng` says itself what it is. Default pcap. */
  readonly like?: 'pcap' | 'pcapng';
  /** When to go on in another file. */
  readonly rotation?: Rotation;
  /** Files that are being read and must not be emptied. */
  readonly inputs: readonly string[];
}

/** A capture file to write to. A pcap has one link type for all its packets, a pcapng any. */
export interface CaptureOutput {
  /** Whether packets can have comments. */
  readonly takesComments: boolean;
  write(batch: PacketBatch, index: number, comment?: string): void | Promise<void>;
  /** Lets what was written reach the file. */
  flush(): void | Promise<void>;
  close(): Promise<void>;
  /** Whether the last file of a rotation is full: nothing more is written. */
  isFinished(): boolean;
}

/** @throws InputError where the file is one of the inputs, CaptureError where it cannot be written */
export async function openCaptureOutput(options: CaptureOutputOptions): Promise<CaptureOutput> {
  refuseInput(options.path, options.inputs);
  const takesComments = formatOf(options) === 'pcapng';
  const create = takesComments ? pcapngCreator(options) : pcapCreator(options);
  if (options.rotation !== undefined) {
    return { takesComments, ...(await createRotatingWriter(options.path, options.rotation, create)) };
  }
  return { takesComments, ...(await create(options.path)), isFinished: () => false };
}

function formatOf({ path, like = 'pcap' }: CaptureOutputOptions): 'pcap' | 'pcapng' {
  if (path.endsWith('.pcapng')) return 'pcapng';
  return path.endsWith('.pcap') ? 'pcap' : like;
}

type Creator = (path: string) => Promise<PacketWriter>;

function pcapngCreator({ snaplen }: CaptureOutputOptions): Creator {
  return async (path) => {
    const { createPcapngFile } = await import('../capture/pcapng-writer.ts');
    return createPcapngFile(path, { snaplen, application: `pktf ${version}` });
  };
}

function pcapCreator({ linkType, snaplen, nanoseconds }: CaptureOutputOptions): Creator {
  const linkTypeValue = fileValueOf(linkType);
  return async (path) => {
    const writer = await createPcapFile(path, { linkTypeValue, snaplen, nanoseconds });
    return {
      ...writer,
      write(batch, index) {
        if (fileValueOf(batch.linkType) === linkTypeValue) return writer.write(batch, index);
        throw new InputError(
          `${path}: the captures have different link types, and a pcap file holds one`,
          'write to a file that ends in .pcapng',
        );
      },
    };
  };
}

function fileValueOf(linkType: LinkType | UnsupportedLinkType): number {
  return typeof linkType === 'string' ? linkTypeFacts(linkType).fileValue : linkType.fileValue;
}

function refuseInput(path: string, inputs: readonly string[]): void {
  const target = identityOf(path);
  if (target === undefined || !inputs.some((input) => identityOf(input) === target)) return;
  throw new InputError(`${path} is read and cannot be written at the same time`, 'write to another file');
}

/** Device and inode of a regular file. */
function identityOf(path: string): string | undefined {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true ? `${status.dev}:${status.ino}` : undefined;
}

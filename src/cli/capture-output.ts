import { statSync } from 'node:fs';
import type { PacketBatch, UnsupportedLinkType } from '../capture/batch.ts';
import type { PacketWriter } from '../capture/packet-writer.ts';
import { createPcapFile } from '../capture/pcap-writer.ts';
import { linkTypeFacts, type LinkType } from '../ir/link-type.ts';
import { InputError } from './input-error.ts';

export interface CaptureOutputOptions {
  readonly path: string;
  readonly snaplen: number;
  readonly nanoseconds: boolean;
  readonly linkType: LinkType | UnsupportedLinkType;
  /** Files that are being read and must not be emptied. */
  readonly inputs: readonly string[];
}

/** A capture file to write to. A pcap has one link type for all its packets. */
export interface CaptureOutput {
  write(batch: PacketBatch, index: number): void | Promise<void>;
  /** Lets what was written reach the file. */
  flush(): void | Promise<void>;
  close(): Promise<void>;
}

/** @throws InputError where the file is one of the inputs, CaptureError where it cannot be written */
export async function openCaptureOutput(options: CaptureOutputOptions): Promise<CaptureOutput> {
  refuseInput(options.path, options.inputs);
  const linkTypeValue = fileValueOf(options.linkType);
  const { snaplen, nanoseconds } = options;
  const writer: PacketWriter = await createPcapFile(options.path, { linkTypeValue, snaplen, nanoseconds });
  return {
    write(batch, index) {
      if (fileValueOf(batch.linkType) === linkTypeValue) return writer.write(batch, index);
      throw new InputError(
        `${options.path}: the captures have different link types, and a pcap file holds one`,
        'write them one by one',
      );
    },
    flush: () => writer.flush(),
    close: () => writer.close(),
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

import type { PacketBatch } from '../capture/batch.ts';
import type { Capture } from '../capture/open.ts';
import { openCaptureOutput, type CaptureOutput, type CaptureOutputOptions } from './capture-output.ts';
import type { Output } from './output.ts';
import { packetLine } from './packet-line.ts';

/** What is done with the packets that are wanted of a replay. */
export interface Matches {
  /** To be told of every capture before its packets. */
  reading(capture: Capture): Promise<void>;
  see(batch: PacketBatch, outcomes: Uint16Array, wanted: number): void | Promise<void>;
  close(): Promise<void>;
}

/**
 * Writes them to a capture file. The file is there also where no packet comes, but not where no capture can be read.
 * @param inputs files that are read
 * @param commentOn what a pcapng file says beside a packet
 */
export function writtenTo(
  path: string,
  inputs: readonly string[],
  commentOn?: (batch: PacketBatch, index: number) => string,
): Matches {
  let first: Capture | undefined;
  let file: CaptureOutput | undefined;
  const open = async (linkType: CaptureOutputOptions['linkType']): Promise<CaptureOutput> => {
    file ??= await openCaptureOutput({
      path,
      linkType,
      snaplen: first?.snaplen ?? 0,
      nanoseconds: first?.nanoseconds === true,
      ...(first === undefined ? {} : { like: first.format }),
      inputs,
    });
    return file;
  };
  return {
    async reading(capture) {
      first ??= capture;
      if (capture.linkType !== undefined) await open(capture.linkType);
    },
    async see(batch, outcomes, wanted) {
      const output = await open(batch.linkType);
      for (let i = 0; i < batch.count; i++) {
        if (outcomes[i] !== wanted) continue;
        const comment = output.takesComments && commentOn !== undefined ? commentOn(batch, i) : undefined;
        const waiting = output.write(batch, i, comment);
        if (waiting !== undefined) await waiting;
      }
    },
    async close() {
      if (first !== undefined) await open('EN10MB');
      await file?.close();
    },
  };
}

/** Prints them, a line each. */
export function printedTo(output: Output): Matches {
  return {
    async reading() {},
    see(batch, outcomes, wanted) {
      for (let i = 0; i < batch.count; i++) if (outcomes[i] === wanted) output.line(packetLine(batch, i));
    },
    async close() {},
  };
}

import type { PacketBatch } from '../../src/capture/batch.ts';
import { bytesInMemory } from '../../src/capture/byte-source.ts';
import { CaptureError } from '../../src/capture/capture-error.ts';
import { captureOf, openCapture, type Capture } from '../../src/capture/open.ts';

export interface ReadPacket {
  readonly number: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly bytes: Buffer;
  readonly length: number;
}

export interface ReadCapture {
  readonly packets: readonly ReadPacket[];
  readonly error: CaptureError | undefined;
}

/** All packets of a file, and the error that ended it. */
export async function readFile(path: string): Promise<ReadCapture> {
  return readAll(() => openCapture(path));
}

/** The same for bytes, delivered in pieces of the given size. */
export async function readBytes(bytes: Uint8Array, pieceSize = Infinity): Promise<ReadCapture> {
  return readAll(() => captureOf(bytesInMemory(piecesOf(bytes, pieceSize), 'memory')));
}

function* piecesOf(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function readAll(open: () => Promise<Capture>): Promise<ReadCapture> {
  const packets: ReadPacket[] = [];
  try {
    const capture = await open();
    for await (const batch of capture.batches()) packets.push(...packetsOf(batch));
    capture.close();
    return { packets, error: undefined };
  } catch (error) {
    if (error instanceof CaptureError) return { packets, error };
    throw error;
  }
}

function packetsOf(batch: PacketBatch): readonly ReadPacket[] {
  return Array.from({ length: batch.count }, (_, index) => {
    const offset = batch.offsets[index] as number;
    return {
      number: batch.firstNumber + index,
      seconds: batch.seconds[index] as number,
      nanoseconds: batch.nanoseconds[index] as number,
      bytes: Buffer.from(batch.bytes.subarray(offset, offset + (batch.capturedLengths[index] as number))),
      length: batch.lengths[index] as number,
    };
  });
}

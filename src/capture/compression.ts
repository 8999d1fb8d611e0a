import { Readable, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { bytesOfStream, type ByteSource } from './byte-source.ts';
import type { ByteWindow } from './byte-window.ts';
import { CaptureError } from './capture-error.ts';

interface Compression {
  readonly name: string;
  /** The first bytes of such a file. */
  readonly magic: readonly number[];
  /** @returns undefined where this Node.js cannot */
  readonly decompressor: () => Transform | undefined;
}

/** One chunk at a time: what was decompressed before an error is read before the error is seen. */
const streamOptions = { chunkSize: 1 << 18, readableHighWaterMark: 1 };

/** Since Node.js 22.15 and 23.8; the type declarations are those of the oldest version that we support. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => Transform };

const compressions: readonly Compression[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], decompressor: () => zlib.createGunzip(streamOptions) },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], decompressor: () => createZstdDecompress?.(streamOptions) },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58], decompressor: () => undefined },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68], decompressor: () => undefined },
  { name: 'lz4', magic: [0x04, 0x22, 0x4d, 0x18], decompressor: () => undefined },
];

/**
 * The decompressed bytes of a compressed source, of which the window holds the first ones.
 * @returns undefined where it is not compressed
 * @throws CaptureError `unsupported`, with what to do
 */
export function decompress(window: ByteWindow): ByteSource | undefined {
  const compression = compressions.find(({ magic }) => {
    return magic.every(
      (byte, index) => window.start + index < window.end && window.buffer[window.start + index] === byte,
    );
  });
  if (compression === undefined) return undefined;
  const { source } = window;
  const { name } = compression;
  const decompressor = compression.decompressor();
  if (decompressor === undefined) {
    const help =
      name === 'zstd' ? 'use Node.js 22.15 or later, or pipe it through zstd -dc' : `pipe it through ${name} -dc`;
    throw new CaptureError(
      'unsupported',
      source.name,
      `is compressed with ${name}, which cannot be read here: ${help}`,
    );
  }
  const input = Readable.from(compressedPieces(window));
  input.on('error', (error) => decompressor.destroy(error));
  input.pipe(decompressor);
  const stop = (): void => {
    input.destroy();
    decompressor.destroy();
    source.close();
  };
  return bytesOfStream(decompressor, source.name, (error) => decompressionError(error, source.name, name), stop);
}

/** Where compressed data turns out damaged, what came of the last piece is lost with it: so pieces are small. */
const inputPiece = 1 << 14;

async function* compressedPieces(window: ByteWindow): AsyncGenerator<Uint8Array> {
  for (let start = window.start; start < window.end; start += inputPiece) {
    yield window.buffer.slice(start, Math.min(start + inputPiece, window.end));
  }
  for (;;) {
    // A fresh one each time: the stream keeps it until it is done with it.
    const piece = new Uint8Array(inputPiece);
    const count = await window.source.read(piece);
    if (count === 0) return;
    yield piece.subarray(0, count);
  }
}

function decompressionError(error: unknown, source: string, compression: string): CaptureError {
  if (error instanceof CaptureError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (
    code === 'Z_BUF_ERROR' ||
    code === 'ERR_ZSTD_FRAME_TRUNCATED' ||
    (error as Error).message === 'unexpected end of file'
  ) {
    return new CaptureError('truncated', source, `the ${compression} data ends early`);
  }
  return new CaptureError('corrupt', source, `the ${compression} data is damaged: ${(error as Error).message}`);
}

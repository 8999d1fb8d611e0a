import { close, fstatSync, openSync, read, readSync, closeSync, type Stats } from 'node:fs';
import { CaptureError, reasonOf } from './capture-error.ts';

/** Bytes in order, pulled; what a reader of a format stands on. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  /** Size in bytes, where it is known before reading. */
  readonly size: number | undefined;
  /** Fills the start of `into`. @returns how many bytes, 0 only at the end */
  read(into: Uint8Array): number | Promise<number>;
  close(): void;
}

/**
 * Opens a file, a pipe or a character device; `-` is standard input.
 * @throws CaptureError `cannot-open`, also for what can be opened but not read (a directory)
 */
export function openByteSource(path: string): ByteSource {
  const name = path === '-' ? 'standard input' : path;
  try {
    const descriptor = path === '-' ? 0 : openSync(path, 'r');
    const facts = fstatSync(descriptor);
    if (facts.isDirectory()) {
      if (descriptor !== 0) closeSync(descriptor);
      throw new CaptureError('cannot-open', name, 'is a directory, not a capture file');
    }
    return facts.isFile() ? regularFile(descriptor, name, facts) : pipe(descriptor, name);
  } catch (error) {
    if (error instanceof CaptureError) throw error;
    throw new CaptureError('cannot-open', name, reasonOf(error));
  }
}

/** After how many bytes a file lets timers and signals have a turn: some milliseconds' worth. */
const breathingSpace = 16 << 20;

/** Regular files are always ready: synchronous reads into the caller's buffer are several times faster. */
function regularFile(descriptor: number, name: string, facts: Stats): ByteSource {
  let sinceBreath = 0;
  const readNow = (into: Uint8Array): number => {
    try {
      const count = readSync(descriptor, into, 0, into.length, null);
      sinceBreath += count;
      return count;
    } catch (error) {
      throw new CaptureError('cannot-read', name, reasonOf(error));
    }
  };
  return {
    name,
    size: facts.size,
    read(into) {
      if (sinceBreath < breathingSpace) return readNow(into);
      sinceBreath = 0;
      return new Promise<void>((resolve) => setImmediate(resolve)).then(() => readNow(into));
    },
    close: closeOnce(descriptor),
  };
}

/** Pipes, sockets and terminals make us wait, which must not stop the event loop. */
function pipe(descriptor: number, name: string): ByteSource {
  return {
    name,
    size: undefined,
    read(into) {
      return new Promise((resolve, reject) => {
        const attempt = (): void =>
          read(descriptor, into, 0, into.length, null, (error, count) => {
            // A non-blocking descriptor that a parent handed down: ask again a little later.
            if (error?.code === 'EAGAIN') setTimeout(attempt, 5);
            else if (error) reject(new CaptureError('cannot-read', name, reasonOf(error)));
            else resolve(count);
          });
        attempt();
      });
    },
    close: closeOnce(descriptor),
  };
}

function closeOnce(descriptor: number): () => void {
  let closed = descriptor === 0; // Standard input is not ours to close.
  return () => {
    if (closed) return;
    closed = true;
    close(descriptor, () => undefined);
  };
}

/** Bytes that already are in memory, delivered in one piece or in the given pieces. */
export function bytesInMemory(pieces: Iterable<Uint8Array>, name: string): ByteSource {
  const iterator = pieces[Symbol.iterator]();
  return byteSourceOf(name, () => {
    const step = iterator.next();
    return step.done === true ? undefined : step.value;
  });
}

/** The output of a stream (a decompressor, say) as a source. Failures of the stream go to `translate`. */
export function bytesOfStream(
  stream: AsyncIterable<Uint8Array>,
  name: string,
  translate: (error: unknown) => CaptureError,
  close: () => void,
): ByteSource {
  const iterator = stream[Symbol.asyncIterator]();
  const next = async (): Promise<Uint8Array | undefined> => {
    try {
      const step = await iterator.next();
      return step.done === true ? undefined : step.value;
    } catch (error) {
      throw translate(error);
    }
  };
  return { ...byteSourceOf(name, next), close };
}

/** @param next the next piece of any length, undefined at the end */
function byteSourceOf(name: string, next: () => Uint8Array | undefined | Promise<Uint8Array | undefined>): ByteSource {
  let rest: Uint8Array = new Uint8Array(0);
  const hand = (into: Uint8Array): number => {
    const count = Math.min(rest.length, into.length);
    into.set(rest.subarray(0, count));
    rest = rest.subarray(count);
    return count;
  };
  return {
    name,
    size: undefined,
    async read(into) {
      while (rest.length === 0) {
        const piece = await next();
        if (piece === undefined) return 0;
        rest = piece;
      }
      return hand(into);
    },
    close() {},
  };
}

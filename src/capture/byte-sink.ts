import { close, fstatSync, ftruncateSync, openSync, write, writeSync } from 'node:fs';
import { CaptureError, reasonOf } from './capture-error.ts';

/** Where bytes go: a file, a pipe, standard output. */
export interface ByteSink {
  readonly name: string;
  /**
   * Writes all of them; a promise where it has to wait (a full pipe).
   * @throws CaptureError `disk-full` or `cannot-write`; `written` then says how many bytes went out
   */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Bytes that went out so far. */
  written(): number;
  /** Cuts a regular file to a length; elsewhere what is out is out. */
  truncate(length: number): void;
  close(): Promise<void>;
}

/**
 * Creates (or empties) a file, or opens what else the path leads to; `-` is standard output.
 * @throws CaptureError `cannot-write`
 */
export function openByteSink(path: string): ByteSink {
  const name = path === '-' ? 'standard output' : path;
  try {
    const descriptor = path === '-' ? 1 : openSync(path, 'w');
    return sinkOf(descriptor, name, fstatSync(descriptor).isFile());
  } catch (error) {
    throw writeError(error, name);
  }
}

function sinkOf(descriptor: number, name: string, isRegularFile: boolean): ByteSink {
  let written = 0;
  let closed = descriptor === 1; // Standard output is not ours to close.

  const writeNow = (bytes: Uint8Array): void => {
    try {
      for (let done = 0; done < bytes.length;) {
        const count = writeSync(descriptor, bytes, done);
        done += count;
        written += count;
      }
    } catch (error) {
      throw writeError(error, name);
    }
  };

  const writeWaiting = async (bytes: Uint8Array): Promise<void> => {
    for (let done = 0; done < bytes.length;) {
      const count = await writeSome(descriptor, bytes.subarray(done), name);
      done += count;
      written += count;
    }
  };

  return {
    name,
    write: isRegularFile ? writeNow : writeWaiting,
    written: () => written,
    truncate(length) {
      if (isRegularFile) ftruncateSync(descriptor, length);
      written = Math.min(written, length);
    },
    async close() {
      if (closed) return;
      closed = true;
      // A network file system may report a failed write only here.
      await new Promise<void>((resolve, reject) => {
        close(descriptor, (error) => (error ? reject(writeError(error, name)) : resolve()));
      });
    },
  };
}

/** @returns how many bytes a pipe or device took; waits where it takes none yet */
function writeSome(descriptor: number, bytes: Uint8Array, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const attempt = (): void =>
      write(descriptor, bytes, (error, count) => {
        if (error?.code === 'EAGAIN') setTimeout(attempt, 5);
        else if (error) reject(writeError(error, name));
        else resolve(count);
      });
    attempt();
  });
}

function writeError(error: unknown, name: string): CaptureError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const quota = code === 'EDQUOT' ? 'the disk quota is used up' : 'no space is left on the device';
    return new CaptureError('disk-full', name, `${quota}; the packets written before are kept`);
  }
  return new CaptureError('cannot-write', name, `cannot be written: ${reasonOf(error)}`);
}

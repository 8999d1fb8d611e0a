import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/** A policy is text that people write. */
export const largestPolicy = 1 << 20;
/** A list of sets' elements is made by programs: a million addresses take 16 MB. */
export const largestSetFile = 64 << 20;

/** Why a file cannot be read, as the end of a sentence. */
export class UnreadableFile extends Error {
  readonly reason: string;

  constructor(path: string, reason: string) {
    super(`cannot read ${path}: ${reason}`);
    this.name = 'UnreadableFile';
    this.reason = reason;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the path is too long',
};

/** A path that a policy file names, which is relative to that file. */
export function besides(file: string, path: string): string {
  return isAbsolute(path) ? path : join(dirname(file), path);
}

/**
 * The text of a regular file of limited size. Pipes and devices are not waited for.
 * @throws UnreadableFile
 */
export function readTextFile(path: string, largest: number): string {
  if (path.includes('\0')) throw new UnreadableFile(path, 'the path has a NUL character');
  let descriptor: number;
  try {
    // Without O_NONBLOCK opening a pipe would wait for its writer.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (failure) {
    throw unreadable(path, failure);
  }
  try {
    if (fstatSync(descriptor).isDirectory()) throw new UnreadableFile(path, 'it is a directory');
    if (!fstatSync(descriptor).isFile()) throw new UnreadableFile(path, 'it is no regular file');
    return decode(path, readAtMost(descriptor, largest, path));
  } catch (failure) {
    throw failure instanceof UnreadableFile ? failure : unreadable(path, failure);
  } finally {
    closeSync(descriptor);
  }
}

function unreadable(path: string, failure: unknown): UnreadableFile {
  const code = (failure as NodeJS.ErrnoException).code ?? String(failure);
  return new UnreadableFile(path, reasons[code] ?? code);
}

/** The size that the system tells is not trusted: files of /proc have none. */
function readAtMost(descriptor: number, largest: number, path: string): Uint8Array {
  const pieces: Buffer[] = [];
  for (let length = 0; ;) {
    const piece = Buffer.allocUnsafe(1 << 16);
    const read = readSync(descriptor, piece);
    if (read === 0) return Buffer.concat(pieces);
    length += read;
    if (length > largest) throw new UnreadableFile(path, `it is larger than ${largest >> 20} MiB`);
    pieces.push(piece.subarray(0, read));
  }
}

function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UnreadableFile(path, 'it is no UTF-8 text');
  }
}

/** What can be wrong with a capture, for programs; the message is for people. */
export type CaptureErrorCode =
  /** Nothing in it, not even a header. */
  | 'empty'
  /** The first bytes are those of no format that we read. */
  | 'not-a-capture'
  /** A format or version that we know by name but do not read. */
  | 'unsupported'
  /** It ends in the middle of something. */
  | 'truncated'
  /** A length or field contradicts the format. */
  | 'corrupt'
  /** The path cannot be opened, or leads to no file (a directory, say). */
  | 'cannot-open'
  /** The operating system failed to read. */
  | 'cannot-read'
  /** The operating system failed to write, other than for want of space. */
  | 'cannot-write'
  /** No space is left where the capture is written. */
  | 'disk-full';

export interface CaptureErrorPlace {
  /** Bytes from the start of the capture (of the decompressed one, where it was compressed). */
  readonly offset?: number;
  /** The packet that could not be read or written, from 1. */
  readonly packetNumber?: number;
}

/**
 * A capture cannot be read or written any further. Readers throw it after every good packet was delivered. The message
 * is one line that names the file, the place and the reason.
 */
export class CaptureError extends Error {
  readonly code: CaptureErrorCode;
  readonly offset: number | undefined;
  readonly packetNumber: number | undefined;

  /** @param name the path, or what stands for it in messages */
  constructor(code: CaptureErrorCode, name: string, reason: string, place: CaptureErrorPlace = {}) {
    super(`${name}: ${reason}${describePlace(place)}`);
    this.name = 'CaptureError';
    this.code = code;
    this.offset = place.offset;
    this.packetNumber = place.packetNumber;
  }
}

function describePlace({ offset, packetNumber }: CaptureErrorPlace): string {
  if (offset === undefined) return packetNumber === undefined ? '' : ` (packet ${packetNumber})`;
  return packetNumber === undefined ? ` (at byte ${offset})` : ` (packet ${packetNumber}, at byte ${offset})`;
}

/** Node's words for a failed system call without the call and path that it appends: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return code === undefined ? message : message.replace(/^[A-Z0-9_]+: /, '').replace(/, \w+( '.*')?$/, '');
}

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CaptureError } from '../capture/capture-error.ts';
import { openCapture, type Capture } from '../capture/open.ts';
import { InputError } from './input-error.ts';

/** What captures in a directory are called, compressed ones included. */
const captureName = /\.(pcap|pcapng|cap|dmp|dump)\d*(\.gz|\.zst)?$/i;

/**
 * The files that paths lead to: a directory stands for the captures in it and in its directories, in order of name.
 * @throws InputError for a directory without captures
 */
export function capturesAt(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => (isDirectory(path) ? capturesIn(path) : [path]));
}

function isDirectory(path: string): boolean {
  return path !== '-' && statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function capturesIn(directory: string): readonly string[] {
  const entries = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  const names = entries.filter((name) => captureName.test(name) && !isDirectory(join(directory, name)));
  if (names.length > 0) return names.toSorted().map((name) => join(directory, name));
  throw new InputError(
    `${directory} is a directory without captures`,
    'captures are files that end in .pcap or .pcapng',
  );
}

/**
 * Opens one capture after another.
 * @param onFailure told of one that cannot be opened; the next one follows
 */
export async function* openEach(
  paths: readonly string[],
  opened: (capture: Capture) => void | Promise<void>,
  onFailure: (error: CaptureError) => void,
): AsyncGenerator<Capture> {
  for (const path of paths) {
    let capture: Capture;
    try {
      capture = await openCapture(path);
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      onFailure(error);
      continue;
    }
    try {
      await opened(capture);
      yield capture;
    } finally {
      capture.close();
    }
  }
}

import type { PacketBatch } from './batch.ts';
import type { PacketWriter } from './packet-writer.ts';
import { formatTime } from './time-format.ts';

/** When a capture goes on in another file, as tcpdump's -C, -G and -W have it. */
export interface Rotation {
  /** A file that is larger gets no further packet (-C). */
  readonly fileSize?: number;
  /** A file gets the packets of so many seconds (-G); the path may then have strftime(3) codes. */
  readonly seconds?: number;
  /** With `fileSize` the number of files, of which the oldest is written over; with `seconds` alone the last file (-W). */
  readonly files?: number;
}

export interface RotatingWriter {
  write(batch: PacketBatch, index: number): Promise<void>;
  flush(): void | Promise<void>;
  close(): Promise<void>;
  /** Packets written, in all files together. */
  packets(): number;
  /** Whether the last file is full: nothing more is written. */
  isFinished(): boolean;
}

/**
 * Writes to one file after another. Time is that of the packets, so that a capture rotates the same when it is replayed.
 * @param create makes the writer for a path
 * @throws CaptureError as the writers do
 */
export async function createRotatingWriter(
  path: string,
  rotation: Rotation,
  create: (path: string) => Promise<PacketWriter>,
): Promise<RotatingWriter> {
  const { fileSize = Infinity, seconds = Infinity, files } = rotation;
  let writer: PacketWriter | undefined;
  /** When the current period began: seconds since 1970. */
  let periodStart = 0;
  let periods = 0;
  /** Files begun in this period because of their size. */
  let number = 0;
  let written = 0;
  let finished = false;

  const open = async (): Promise<PacketWriter> => {
    const name = seconds === Infinity ? path : formatTime(path, periodStart);
    return create(numbered(name, number, fileSize === Infinity ? undefined : files));
  };
  const startPeriod = async (time: number): Promise<void> => {
    await writer?.close();
    // Without size limit, a number of files ends the capture instead of going round.
    finished = periods > 0 && fileSize === Infinity && files !== undefined && periods >= files;
    if (finished) return;
    periods++;
    periodStart = time;
    number = 0;
    writer = await open();
  };
  const startFile = async (): Promise<void> => {
    await writer?.close();
    number = files === undefined ? number + 1 : (number + 1) % files;
    writer = await open();
  };
  // A path without times exists at once, even where no packet comes.
  if (seconds === Infinity) await startPeriod(0);

  return {
    async write(batch, index) {
      if (finished) return;
      const time = batch.seconds[index] as number;
      if (writer === undefined || time - periodStart >= seconds) await startPeriod(time);
      else if (writer.size() > fileSize) await startFile();
      if (finished) return;
      await writer?.write(batch, index);
      written++;
    },
    flush: () => writer?.flush(),
    close: async () => writer?.close(),
    packets: () => written,
    isFinished: () => finished,
  };
}

/** tcpdump's names: `file`, `file1`, `file2` …; with a number of files `file00`, `file01` …, of equal length. */
function numbered(path: string, number: number, files: number | undefined): string {
  if (files !== undefined) return path + String(number).padStart(String(files - 1).length, '0');
  return number === 0 ? path : path + String(number);
}

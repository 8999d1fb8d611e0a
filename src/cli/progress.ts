import { statSync } from 'node:fs';
import type { Capture } from '../capture/open.ts';

/** How far long work over captures has come, on a terminal; elsewhere it does nothing. */
export interface Progress {
  reading(capture: Capture): void;
  /** To be called now and then. */
  update(): void;
  /** Leaves the line of the terminal empty. */
  end(): void;
}

const silent: Progress = { reading() {}, update() {}, end() {} };

/** Milliseconds between two pictures; what is done before the first one needs none. */
const interval = 250;
const barWidth = 24;

/** @param paths all files to come; of pipes nobody knows how much is left */
export function createProgress(paths: readonly string[]): Progress {
  if (!process.stderr.isTTY) return silent;
  const total = paths.reduce((sum, path) => sum + sizeOf(path), 0);
  const start = performance.now();
  let shown = start;
  let before = 0;
  let current: Capture | undefined;
  return {
    reading(capture) {
      before += current?.bytesRead() ?? 0;
      current = capture;
    },
    update() {
      const now = performance.now();
      if (now - shown < interval) return;
      shown = now;
      const done = before + (current?.bytesRead() ?? 0);
      process.stderr.write(`\r\u001b[K${progressLine(done, total, (now - start) / 1000)}`);
    },
    end() {
      if (shown !== start) process.stderr.write('\r\u001b[K');
    },
  };
}

/** @param total bytes, 0 where unknown */
export function progressLine(done: number, total: number, seconds: number): string {
  const rate = done / seconds;
  const speed = `${(rate / 1e6).toFixed(0)} MB/s`;
  // Compressed files give more than their size.
  if (done > total) return `${(done / 1e6).toFixed(0)} MB, ${speed}`;
  const filled = Math.floor((done / total) * barWidth);
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  const percent = String(Math.floor((100 * done) / total)).padStart(3);
  return `${bar} ${percent} %, ${speed}, ${Math.ceil((total - done) / rate)} s left`;
}

function sizeOf(path: string): number {
  const facts = statSync(path, { throwIfNoEntry: false });
  return facts?.isFile() === true ? facts.size : 0;
}

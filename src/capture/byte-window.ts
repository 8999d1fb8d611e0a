import type { ByteSource } from './byte-source.ts';

/**
 * A stretch of a byte source held in memory: the bytes from `start` to `end` of the buffer are read but not yet
 * consumed. Readers advance `start` themselves. The buffer grows only as bytes really arrive, so a length that lies
 * costs nothing.
 */
export interface ByteWindow {
  readonly source: ByteSource;
  buffer: Uint8Array;
  view: DataView;
  start: number;
  end: number;
  /** Offset in the source of the buffer's first byte. */
  base: number;
}

/** A mebibyte: large enough that reading is cheap, small enough to stay in the second-level cache with its columns. */
const initialSize = 1 << 20;

export function createWindow(source: ByteSource): ByteWindow {
  const buffer = new Uint8Array(initialSize);
  return { source, buffer, view: viewOf(buffer), start: 0, end: 0, base: 0 };
}

/**
 * Reads until at least `wanted` unconsumed bytes are there, if they are not yet. Reading moves them to the front of
 * the buffer first: whatever was made of the old contents is void.
 * @returns false where the source ends before
 */
export async function fillWindow(window: ByteWindow, wanted: number): Promise<boolean> {
  if (window.end - window.start >= wanted) return true;
  window.buffer.copyWithin(0, window.start, window.end);
  window.base += window.start;
  window.end -= window.start;
  window.start = 0;
  while (window.end < wanted) {
    if (window.end === window.buffer.length) grow(window, wanted);
    const reading = window.source.read(window.buffer.subarray(window.end));
    // Not awaiting a plain number spares a turn of the microtask queue per read.
    const count = typeof reading === 'number' ? reading : await reading;
    if (count === 0) return false;
    window.end += count;
  }
  return true;
}

/** Where in the source the first unconsumed byte lies. */
export function windowOffset(window: ByteWindow): number {
  return window.base + window.start;
}

function grow(window: ByteWindow, wanted: number): void {
  const larger = new Uint8Array(Math.max(Math.min(2 * window.buffer.length, wanted), window.buffer.length + 1));
  larger.set(window.buffer.subarray(0, window.end));
  window.buffer = larger;
  window.view = viewOf(larger);
}

function viewOf(buffer: Uint8Array): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

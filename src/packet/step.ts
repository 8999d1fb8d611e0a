import type { Layer } from './layer.ts';

/**
 * Where parsing goes on: at a header of a numbered protocol. `end` is where the enclosing headers say that the packet
 * ends, which may lie behind what was captured.
 */
export interface Continuation {
  readonly space: 'ethernet' | 'ip';
  readonly number: number;
  readonly offset: number;
  readonly end: number;
  /** An earlier IPv6 or IPv4 header, for what depends on it. */
  readonly overIpv6?: boolean;
}

/** One header parsed: what it is, and where to go on (nowhere where it was the last). */
export interface Step {
  readonly layer: Layer;
  readonly next?: Continuation;
}

/** The step for a header that is not wholly there. */
export function truncatedAt(offset: number, header: string): Step {
  return { layer: { kind: 'truncated', offset, header } };
}

/** A copy of some bytes, so that layers outlive the batch that the packet was in. */
export function copyBytes(view: DataView, offset: number, length: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
}

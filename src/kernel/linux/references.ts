import koffi from 'koffi';
import type { Reference } from '../kernel.ts';

/** Buffers whose address the kernel has at this moment: reachable from here, so the garbage collector leaves them. */
interface Held {
  readonly references: readonly Reference[];
  readonly outer: Held | undefined;
}

let held: Held | undefined;

/** Writes the addresses of the referenced buffers into `bytes` and keeps them alive while `action` runs. */
export function withReferences<Result>(
  bytes: Uint8Array,
  references: readonly Reference[],
  action: () => Result,
): Result {
  writeAddresses(bytes, references);
  held = { references, outer: held };
  try {
    return action();
  } finally {
    held = held.outer;
  }
}

function writeAddresses(bytes: Uint8Array, references: readonly Reference[]): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { offset, buffer, references: inner } of references) {
    if (inner !== undefined) writeAddresses(buffer, inner);
    view.setBigUint64(offset, buffer.length === 0 ? 0n : koffi.address(buffer), true);
  }
}

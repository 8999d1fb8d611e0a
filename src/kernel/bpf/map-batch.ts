import type { Kernel, Reference } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import { attributes, viewOf } from './attributes.ts';
import { command } from './command.ts';
import { lookupElement, nextKey } from './map.ts';

/** Many elements side by side: key i at `i * keySize`, value i at `i * valueSize`. */
export interface Elements {
  readonly count: number;
  readonly keys: Uint8Array;
  readonly values: Uint8Array;
}

/** Sizes in bytes; `valueSize` as user space sees it (`perCpuValueSize` for a per-CPU map). */
export interface ElementShape {
  readonly keySize: number;
  readonly valueSize: number;
  /** Of the map: how many elements to make room for. */
  readonly maxEntries: number;
}

/** Offsets in `union bpf_attr` for the batch commands (Linux 5.6). */
const batch = { size: 56, from: 0, to: 8, keys: 16, values: 24, count: 32, map: 36 };

/** Elements asked for at a time. */
const chunk = 4096;

/** All elements, in no order; by batches where the map can, else one by one. Not a snapshot of a map in use. */
export function readElements(kernel: Kernel, map: number, shape: ElementShape): Elements {
  try {
    return lookupBatches(kernel, map, shape);
  } catch (error) {
    // ENOTSUPP: this map type knows no batches; EINVAL: nor does this kernel.
    if (!isSystemError(error, 'ENOTSUPP') && !isSystemError(error, 'EINVAL')) throw error;
    return lookupEach(kernel, map, shape);
  }
}

/** Reads a whole map in batches. */
export function lookupBatches(kernel: Kernel, map: number, shape: ElementShape): Elements {
  const { keySize, valueSize } = shape;
  const parts: Elements[] = [];
  // The position is a bucket number (hash) or a key (all others).
  let from: Uint8Array | undefined;
  let room = Math.min(chunk, Math.max(1, shape.maxEntries));
  for (;;) {
    const keys = new Uint8Array(room * keySize);
    const values = new Uint8Array(room * valueSize);
    const to = new Uint8Array(Math.max(4, keySize));
    const references: Reference[] = [
      { offset: batch.to, buffer: to },
      { offset: batch.keys, buffer: keys },
      { offset: batch.values, buffer: values },
    ];
    if (from !== undefined) references.push({ offset: batch.from, buffer: from });
    const bytes = attributes(batch.size, { [batch.count]: room, [batch.map]: map });
    const outcome = batchOutcome(() => kernel.bpf(command.MAP_LOOKUP_BATCH, bytes, references));
    if (outcome === 'too small') {
      // One bucket of a hash holds more than there was room for.
      room *= 2;
      continue;
    }
    const count = viewOf(bytes).getUint32(batch.count, true);
    parts.push({ count, keys: keys.subarray(0, count * keySize), values: values.subarray(0, count * valueSize) });
    if (outcome === 'last') return joined(parts);
    from = to;
  }
}

/** Writes many elements, creating or replacing. Those before a refused one stay written. */
export function updateBatch(kernel: Kernel, map: number, elements: Elements): void {
  if (elements.count === 0) return;
  const bytes = attributes(batch.size, { [batch.count]: elements.count, [batch.map]: map });
  kernel.bpf(command.MAP_UPDATE_BATCH, bytes, [
    { offset: batch.keys, buffer: elements.keys },
    { offset: batch.values, buffer: elements.values },
  ]);
}

/** Deletes many elements. Throws ENOENT at the first that is not there; those before it are gone. */
export function deleteBatch(kernel: Kernel, map: number, keys: Uint8Array, count: number): void {
  if (count === 0) return;
  const bytes = attributes(batch.size, { [batch.count]: count, [batch.map]: map });
  kernel.bpf(command.MAP_DELETE_BATCH, bytes, [{ offset: batch.keys, buffer: keys }]);
}

function lookupEach(kernel: Kernel, map: number, shape: ElementShape): Elements {
  const parts: Elements[] = [];
  for (let key = nextKey(kernel, map, undefined, shape.keySize); key !== undefined;) {
    const values = lookupElement(kernel, map, key, shape.valueSize);
    if (values !== undefined) parts.push({ count: 1, keys: key, values });
    // A hash that changes meanwhile may start over for ever; it never holds more than its maximum at once.
    if (parts.length > shape.maxEntries) break;
    key = nextKey(kernel, map, key, shape.keySize);
  }
  return joined(parts);
}

function batchOutcome(call: () => unknown): 'more' | 'last' | 'too small' {
  try {
    call();
    return 'more';
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'last';
    if (isSystemError(error, 'ENOSPC')) return 'too small';
    throw error;
  }
}

function joined(parts: readonly Elements[]): Elements {
  const keys = new Uint8Array(parts.reduce((sum, part) => sum + part.keys.length, 0));
  const values = new Uint8Array(parts.reduce((sum, part) => sum + part.values.length, 0));
  let count = 0;
  let keyOffset = 0;
  let valueOffset = 0;
  for (const part of parts) {
    keys.set(part.keys, keyOffset);
    values.set(part.values, valueOffset);
    keyOffset += part.keys.length;
    valueOffset += part.values.length;
    count += part.count;
  }
  return { count, keys, values };
}

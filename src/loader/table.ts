import {
  decodeEntries,
  encodeElements,
  encodeKeys,
  setPorts,
  type MapEntry,
  type StoredElement,
} from '../ebpf/table-entry.ts';
import { contentsSpec, type TableLayout } from '../ebpf/table-map.ts';
import type { TableElement } from '../ir/table-contents.ts';
import { openById } from '../kernel/bpf/id.ts';
import { readElements, updateBatch } from '../kernel/bpf/map-batch.ts';
import { createMap, deleteElement, lookupElement, updateElement } from '../kernel/bpf/map.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { putInnerMap } from './create-maps.ts';

/**
 * The tables of a program while it runs. `contents` is the descriptor of the map with the elements: a table's own map,
 * or what a swappable table holds.
 */

/**
 * A new map with elements that is not in use yet.
 * @returns its descriptor, the caller's to close
 * @throws RangeError (`encodeElements`), SystemError; E2BIG: more elements than there is room for
 */
export function createContents(
  kernel: Kernel,
  name: string,
  layout: TableLayout,
  elements: readonly StoredElement[],
): number {
  const entries = encodeElements(layout, elements);
  const contents = createMap(kernel, contentsSpec(name, layout));
  try {
    writeEntries(kernel, contents, layout, entries);
    return contents;
  } catch (error) {
    kernel.close(contents);
    throw error;
  }
}

/**
 * Replaces all that a swappable table holds, in one step: every packet meets the old elements or the new ones.
 * @param outer the table's map in the program
 */
export function swapContents(kernel: Kernel, outer: number, contents: number): void {
  putInnerMap(kernel, outer, contents);
}

/**
 * What a swappable table holds now. Needs CAP_SYS_ADMIN.
 * @returns a descriptor, the caller's to close; undefined: it holds nothing
 */
export function openContents(kernel: Kernel, outer: number): number | undefined {
  const value = lookupElement(kernel, outer, new Uint8Array(4), 4);
  if (value === undefined) return undefined;
  return openById(kernel, 'map', new DataView(value.buffer).getUint32(0, true));
}

/** Adds elements, or gives those that are there a new number and end. Elements before a refused one stay added. */
export function addElements(
  kernel: Kernel,
  contents: number,
  layout: TableLayout,
  elements: readonly StoredElement[],
): void {
  const entries = encodeElements(layout, elements);
  if (layout.kind === 'bitmap') {
    return changeBits(
      kernel,
      contents,
      layout,
      elements.map(({ element }) => element),
      true,
    );
  }
  writeEntries(kernel, contents, layout, entries);
}

/** Takes elements out; those that are not in are none the less gone afterwards. */
export function deleteElements(
  kernel: Kernel,
  contents: number,
  layout: TableLayout,
  elements: readonly TableElement[],
): void {
  if (layout.kind === 'bitmap') return changeBits(kernel, contents, layout, elements, false);
  for (const element of elements) {
    for (const key of encodeKeys(layout, element)) deleteElement(kernel, contents, key);
  }
}

/** All elements, also those whose time is over. Not a snapshot of a table that is being changed. */
export function listElements(kernel: Kernel, contents: number, layout: TableLayout): readonly StoredElement[] {
  const { count, keys, values } = readElements(kernel, contents, layout);
  const { keySize, valueSize } = layout;
  const entries = Array.from({ length: count }, (_, index): MapEntry => {
    return {
      key: keys.subarray(index * keySize, (index + 1) * keySize),
      value: values.subarray(index * valueSize, (index + 1) * valueSize),
    };
  });
  return decodeEntries(layout, entries);
}

function writeEntries(kernel: Kernel, contents: number, layout: TableLayout, entries: readonly MapEntry[]): void {
  const keys = new Uint8Array(entries.length * layout.keySize);
  const values = new Uint8Array(entries.length * layout.valueSize);
  for (const [index, { key, value }] of entries.entries()) {
    keys.set(key, index * layout.keySize);
    values.set(value, index * layout.valueSize);
  }
  try {
    updateBatch(kernel, contents, { count: entries.length, keys, values });
  } catch (error) {
    // ENOTSUPP: this map type knows no batches (tries before Linux 5.13).
    if (!isSystemError(error, 'ENOTSUPP')) throw error;
    for (const { key, value } of entries) updateElement(kernel, contents, key, value);
  }
}

/** Programs may see some of the ports changed and others not yet; two writers at a time would lose changes. */
function changeBits(
  kernel: Kernel,
  contents: number,
  layout: TableLayout,
  elements: readonly TableElement[],
  present: boolean,
): void {
  const key = new Uint8Array(layout.keySize);
  const bits = lookupElement(kernel, contents, key, layout.valueSize) as Uint8Array;
  setPorts(bits, elements, present);
  updateElement(kernel, contents, key, bits);
}

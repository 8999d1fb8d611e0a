import { prefixByte, spaceOf, type TableElement } from '../ir/table-contents.ts';
import { bitmapBytes, expiringValue, keyBits, prefixLengthBytes, type TableLayout } from './table-map.ts';

/** An element of a map, as its bytes. */
export interface MapEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** An element of a table as it is in a map. */
export interface StoredElement {
  readonly element: TableElement;
  /** What lookups give for it: 1 unless said. */
  readonly number?: number;
  /** Jiffies from which on it is no more. */
  readonly expires?: bigint;
}

/** Whether a table of this layout can hold an element: it is of its key space, and no network where only hosts may be. */
export function canHold(layout: TableLayout, element: TableElement): boolean {
  if (spaceOf(element) !== layout.space) return false;
  return element.kind !== 'network' || layout.kind === 'trie' || element.prefixLength === keyBits(layout.space);
}

/**
 * Elements as entries of the map; a bitmap's is one, with all of them. Of the same prefix twice, the last one counts.
 * @throws RangeError for what the layout cannot hold (`canHold`; an end where nothing expires)
 */
export function encodeElements(layout: TableLayout, elements: readonly StoredElement[]): readonly MapEntry[] {
  for (const stored of elements) requireFitting(layout, stored);
  if (layout.kind !== 'bitmap') return elements.flatMap((stored) => encodeElement(layout, stored));
  const bits = new Uint8Array(bitmapBytes);
  setPorts(
    bits,
    elements.map(({ element }) => element),
    true,
  );
  return [{ key: new Uint8Array(layout.keySize), value: bits }];
}

/** The keys under which elements lie in a map that is no bitmap: where to delete them. */
export function encodeKeys(layout: TableLayout, element: TableElement): readonly Uint8Array[] {
  switch (element.kind) {
    case 'network':
      return [networkKey(layout, element.address, element.prefixLength)];
    case 'mac':
      return [paddedKey(layout, element.address)];
    case 'ports':
      return Array.from({ length: element.last - element.first + 1 }, (_, index) => {
        const port = element.first + index;
        return paddedKey(layout, Uint8Array.of(port >> 8, port));
      });
  }
}

/** Sets or clears the bits of ports in a bitmap. */
export function setPorts(bits: Uint8Array, elements: readonly TableElement[], present: boolean): void {
  for (const element of elements) {
    if (element.kind !== 'ports') continue;
    for (let port = element.first; port <= element.last; port++) {
      const byte = bits[port >> 3] as number;
      bits[port >> 3] = present ? byte | (1 << (port & 7)) : byte & ~(1 << (port & 7));
    }
  }
}

/** What the entries of a map mean; ports of a bitmap as the longest ranges. */
export function decodeEntries(layout: TableLayout, entries: readonly MapEntry[]): readonly StoredElement[] {
  if (layout.kind === 'bitmap')
    return entries.flatMap(({ value }) => portRanges(value)).map((element) => ({ element }));
  return entries.map((entry) => decodeEntry(layout, entry));
}

function requireFitting(layout: TableLayout, { element, expires }: StoredElement): void {
  if (!canHold(layout, element)) throw new RangeError(`a ${layout.kind} of ${layout.space} cannot hold this element`);
  if (expires !== undefined && !layout.expiring) throw new RangeError('elements of this table do not expire');
}

function encodeElement(layout: TableLayout, stored: StoredElement): readonly MapEntry[] {
  const value = encodeValue(layout, stored);
  return encodeKeys(layout, stored.element).map((key) => ({ key, value }));
}

function encodeValue(layout: TableLayout, { element, number = 1, expires = 0n }: StoredElement): Uint8Array {
  const value = new Uint8Array(layout.valueSize);
  const view = new DataView(value.buffer);
  if (!layout.expiring) {
    view.setUint32(0, number, true);
    return value;
  }
  view.setBigUint64(expiringValue.expires, expires, true);
  if (element.kind === 'network') view.setUint32(expiringValue.prefixLength, element.prefixLength, true);
  view.setUint32(expiringValue.number, number, true);
  return value;
}

function networkKey(layout: TableLayout, address: Uint8Array, prefixLength: number): Uint8Array {
  const key = new Uint8Array(layout.keySize);
  if (layout.kind === 'trie') new DataView(key.buffer).setUint32(0, prefixLength, true);
  key.set(
    address.map((byte, index) => byte & prefixByte(prefixLength, index)),
    layout.keyOffset,
  );
  return key;
}

function paddedKey(layout: TableLayout, bytes: Uint8Array): Uint8Array {
  const key = new Uint8Array(layout.keySize);
  key.set(bytes);
  return key;
}

function decodeEntry(layout: TableLayout, { key, value }: MapEntry): StoredElement {
  const element = decodeKey(layout, key);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  if (!layout.expiring) return { element, number: view.getUint32(0, true) };
  const number = view.getUint32(expiringValue.number, true);
  const expires = view.getBigUint64(expiringValue.expires, true);
  return expires === 0n ? { element, number } : { element, number, expires };
}

function decodeKey(layout: TableLayout, key: Uint8Array): TableElement {
  const bytes = key.slice(layout.keyOffset, layout.keyOffset + layout.keyBytes);
  switch (layout.space) {
    case 'mac':
      return { kind: 'mac', address: bytes };
    case 'port': {
      const port = ((bytes[0] as number) << 8) | (bytes[1] as number);
      return { kind: 'ports', first: port, last: port };
    }
    default: {
      const prefixLength =
        layout.kind === 'trie'
          ? new DataView(key.buffer, key.byteOffset, prefixLengthBytes).getUint32(0, true)
          : keyBits(layout.space);
      return { kind: 'network', address: bytes, prefixLength };
    }
  }
}

function portRanges(bits: Uint8Array): readonly TableElement[] {
  const ranges: { kind: 'ports'; first: number; last: number }[] = [];
  for (let port = 0; port < bits.length * 8; port++) {
    if ((((bits[port >> 3] as number) >> (port & 7)) & 1) === 0) continue;
    const before = ranges.at(-1);
    if (before?.last === port - 1) before.last = port;
    else ranges.push({ kind: 'ports', first: port, last: port });
  }
  return ranges;
}

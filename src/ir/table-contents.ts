import { keyWidths, type KeySpace, type TableReference, type Tables } from './table.ts';

/** One element of a table. What a set of a policy holds, whatever engine asks it. */
export type TableElement =
  /** An address is a network with all its bits; 4 or 16 bytes, in network order. */
  | { readonly kind: 'network'; readonly address: Uint8Array; readonly prefixLength: number }
  /** Both ends included. */
  | { readonly kind: 'ports'; readonly first: number; readonly last: number }
  /** 6 bytes. */
  | { readonly kind: 'mac'; readonly address: Uint8Array };

/** What is in tables, by their names. A name may stand for a table of IPv4 and one of IPv6. */
export type TableContents = ReadonlyMap<string, readonly TableElement[]>;

/** A stretch of a key space, both ends included; keys as `keyWidths` says. */
export interface KeyInterval {
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** The kind of table that an element belongs in. */
export function spaceOf(element: TableElement): KeySpace {
  if (element.kind === 'network') return element.address.length === 4 ? 'ipv4' : 'ipv6';
  return element.kind === 'ports' ? 'port' : 'mac';
}

/**
 * Answers lookups in sets: 1 for a key that an element covers, else 0. What is in the sets is read when they are first
 * asked, and never again.
 */
export function tablesOf(contents: TableContents): Tables {
  const known = new Map<string, Map<KeySpace, readonly KeyInterval[]>>();
  return (table, key) => {
    const spaces = known.get(table.name) ?? new Map<KeySpace, readonly KeyInterval[]>();
    known.set(table.name, spaces);
    const intervals = spaces.get(table.space) ?? intervalsOf(table.space, elementsOf(contents, table));
    spaces.set(table.space, intervals);
    return covers(intervals, key) ? 1 : 0;
  };
}

/** Those of a table's elements that are of its key space. @throws Error for a table of unknown contents */
export function elementsOf(contents: TableContents, table: TableReference): readonly TableElement[] {
  const elements = contents.get(table.name);
  if (elements === undefined) throw new Error(`nobody provides the table ${table.name}`);
  return elements.filter((element) => spaceOf(element) === table.space);
}

/** What elements of one space cover, as intervals in ascending order of which none overlaps another. */
export function intervalsOf(space: KeySpace, elements: readonly TableElement[]): readonly KeyInterval[] {
  const sorted = elements.map((element) => intervalOf(space, element)).sort((a, b) => compareKeys(a.first, b.first));
  const disjoint: KeyInterval[] = [];
  for (const interval of sorted) {
    const before = disjoint.at(-1);
    if (before === undefined || compareKeys(before.last, interval.first) < 0) disjoint.push(interval);
    else if (compareKeys(before.last, interval.last) < 0) {
      disjoint[disjoint.length - 1] = { first: before.first, last: interval.last };
    }
  }
  return disjoint;
}

function intervalOf(space: KeySpace, element: TableElement): KeyInterval {
  switch (element.kind) {
    case 'ports':
      return { first: [element.first], last: [element.last] };
    case 'mac': {
      const key = keyOfBytes(space, element.address);
      return { first: key, last: key };
    }
    case 'network': {
      const { address, prefixLength } = element;
      const least = address.map((byte, index) => byte & prefixByte(prefixLength, index));
      const greatest = address.map((byte, index) => byte | (0xff ^ prefixByte(prefixLength, index)));
      return { first: keyOfBytes(space, least), last: keyOfBytes(space, greatest) };
    }
  }
}

/** The byte at `index` of the mask of a prefix. */
export function prefixByte(prefixLength: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - 8 * index));
  return (0xff00 >> bits) & 0xff;
}

/** Bytes in network order as the numbers of a key. */
function keyOfBytes(space: KeySpace, bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let offset = 0;
  return keyWidths[space].map((bits) => {
    const part = bits === 32 ? view.getUint32(offset) : view.getUint16(offset);
    offset += bits / 8;
    return part;
  });
}

/** Binary search for the last interval that begins at or before the key. */
function covers(intervals: readonly KeyInterval[], key: readonly number[]): boolean {
  let least = 0;
  let beyond = intervals.length;
  while (least < beyond) {
    const middle = (least + beyond) >>> 1;
    if (compareKeys((intervals[middle] as KeyInterval).first, key) <= 0) least = middle + 1;
    else beyond = middle;
  }
  const candidate = intervals[least - 1];
  return candidate !== undefined && compareKeys(key, candidate.last) <= 0;
}

function compareKeys(left: readonly number[], right: readonly number[]): number {
  for (let i = 0; i < left.length; i++) {
    const difference = (left[i] as number) - (right[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

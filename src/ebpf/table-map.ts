import { keyWidths, type KeySpace, type TableReference } from '../ir/table.ts';
import type { MapSpec, MapType, PlainMapSpec } from './program.ts';

/**
 * Tables of a graph as maps. Addresses are in tries, whose longest matching prefix decides, or in a hash where there are
 * only hosts; ports are the bits of one array element (its lookup is inlined: 1 ns); Ethernet addresses are in a hash.
 */
export interface TableMap {
  readonly table: TableReference;
  /** The name of its map in the program; of a swappable table that is the outer one, which holds what is current. */
  readonly map: string;
  readonly layout: TableLayout;
}

/** What is wanted of a table beside its key space. */
export interface TableShape {
  /** The whole contents can be replaced in one step. Costs a look into an array, about 1 ns. */
  readonly swappable?: boolean;
  /** Elements may have a time at which they end. */
  readonly expiring?: boolean;
  /** Whole addresses only, no networks: a hash instead of a trie, 18 ns instead of up to 75. */
  readonly hostsOnly?: boolean;
  /** The most elements. A hash takes 16 bytes for each of them at once, a trie only for those that it has. */
  readonly maxEntries?: number;
}

/** How keys and values of a table lie in its map. */
export interface TableLayout {
  readonly space: KeySpace;
  readonly kind: 'trie' | 'hash' | 'bitmap';
  readonly swappable: boolean;
  readonly expiring: boolean;
  /** Where in the map's key the bytes of the graph's key begin; they lie as on the wire. */
  readonly keyOffset: number;
  /** How many bytes they are; zeros fill up the map's key behind them. */
  readonly keyBytes: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
}

/**
 * Offsets in the value of an element that may expire; otherwise the value is the number alone.
 * - `expires`: 64 bits, jiffies from which on the element is no more; 0: it stays
 * - `prefixLength`: 32 bits, of a trie's element
 * - `number`: 32 bits, what the lookup gives; never 0
 */
export const expiringValue = { expires: 0, prefixLength: 8, number: 12, size: 16 } as const;
const plainValueSize = 4;

/** One bit for each port: port p is bit p % 8 of byte p / 8. */
export const bitmapBytes = 8192;

/** A trie's key begins with the length of the prefix, 32 bits in the host's order. */
export const prefixLengthBytes = 4;

const usualMaxEntries = { trie: 2 ** 20, hash: 2 ** 16, bitmap: 1 } as const;

export function tableLayout(space: KeySpace, shape: TableShape = {}): TableLayout {
  const { swappable = false, expiring = false } = shape;
  const kind = kindOf(space, shape);
  const keyOffset = kind === 'trie' ? prefixLengthBytes : 0;
  const keyBytes = keyBits(space) / 8;
  const maxEntries = kind === 'bitmap' ? usualMaxEntries.bitmap : (shape.maxEntries ?? usualMaxEntries[kind]);
  return {
    space,
    kind,
    swappable,
    expiring,
    keyOffset,
    keyBytes,
    // The kernel hashes whole words faster; an array's index has 4 bytes.
    keySize: keyOffset + Math.ceil(keyBytes / 4) * 4,
    valueSize: kind === 'bitmap' ? bitmapBytes : expiring ? expiringValue.size : plainValueSize,
    maxEntries,
  };
}

function kindOf(space: KeySpace, { expiring, hostsOnly }: TableShape): TableLayout['kind'] {
  switch (space) {
    case 'ipv4':
    case 'ipv6':
      return hostsOnly === true ? 'hash' : 'trie';
    case 'port':
      // A bit has no room for a time.
      return expiring === true ? 'hash' : 'bitmap';
    case 'mac':
      return 'hash';
  }
}

/** Bits of a key; in a trie, of the longest prefix. */
export function keyBits(space: KeySpace): number {
  return keyWidths[space].reduce((sum, bits) => sum + bits, 0);
}

/** The map of a table; of a swappable one the outer one with `innerMap`. */
export function tableMapSpec({ map, layout }: TableMap): MapSpec {
  const contents = contentsSpec(map, layout);
  if (!layout.swappable) return contents;
  return { name: map, type: 'array-of-maps', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, innerMap: contents };
}

const mapTypes: Readonly<Record<TableLayout['kind'], MapType>> = { trie: 'lpm-trie', hash: 'hash', bitmap: 'array' };

/** BPF_F_NO_PREALLOC: tries exist in no other way, and hashes mostly have far fewer elements than they may. */
const noPreallocation = 1;

/** A map with the elements themselves: any two of one layout can stand in for each other. */
export function contentsSpec(name: string, layout: TableLayout): PlainMapSpec {
  const { kind, keySize, valueSize, maxEntries } = layout;
  return {
    name,
    type: mapTypes[kind],
    keySize,
    valueSize,
    maxEntries,
    flags: kind === 'bitmap' ? 0 : noPreallocation,
  };
}

/** The name of a table's map: at most 15 bytes, unique by its number. */
export function tableMapName(table: TableReference, number: number): string {
  return `t${number}_${table.name.replace(/[^A-Za-z0-9_]/g, '_')}`.slice(0, 15);
}

import { keyWidths, type KeySpace, type TableReference } from '../ir/table.ts';
import type { MapSpec } from './program.ts';

/**
 * Tables of a graph as maps: how keys and values lie in them. Addresses are in tries, whose longest matching prefix
 * decides; ports index an array (its lookup is inlined, 1 ns); Ethernet addresses are in a hash. Values are 32-bit
 * numbers, native order; 0 is the same as no element.
 */
export interface TableMap {
  readonly table: TableReference;
  /** The name of its map in the program. */
  readonly map: string;
}

interface MapLayout {
  readonly type: MapSpec['type'];
  readonly keySize: number;
  /** Where each part of the key lies. */
  readonly offsets: readonly number[];
  /** Parts of keys lie as on the wire, but for the index of an array. */
  readonly order: 'network' | 'host';
  /** Bits of the longest prefix, which tries want before the key; 0 elsewhere. */
  readonly prefixBits: number;
  /** Elements unless the user says how many. */
  readonly maxEntries: number;
  readonly flags: number;
}

const BPF_F_NO_PREALLOC = 1;
const million = 2 ** 20;

export const mapLayouts: Readonly<Record<KeySpace, MapLayout>> = {
  ipv4: {
    type: 'lpm-trie',
    keySize: 8,
    offsets: [4],
    order: 'network',
    prefixBits: 32,
    maxEntries: million,
    flags: BPF_F_NO_PREALLOC,
  },
  ipv6: {
    type: 'lpm-trie',
    keySize: 20,
    offsets: [4, 8, 12, 16],
    order: 'network',
    prefixBits: 128,
    maxEntries: million,
    flags: BPF_F_NO_PREALLOC,
  },
  port: { type: 'array', keySize: 4, offsets: [0], order: 'host', prefixBits: 0, maxEntries: 65536, flags: 0 },
  // Two bytes of zero at the end: the kernel hashes whole words faster.
  mac: {
    type: 'hash',
    keySize: 8,
    offsets: [0, 4],
    order: 'network',
    prefixBits: 0,
    maxEntries: 65536,
    flags: BPF_F_NO_PREALLOC,
  },
};

export const tableValueSize = 4;

/** @param maxEntries at most this many elements; ports have their 65,536 whatever is said */
export function tableMapSpec(space: KeySpace, name: string, maxEntries?: number): MapSpec {
  const { type, keySize, maxEntries: usual, flags } = mapLayouts[space];
  const entries = space === 'port' ? usual : (maxEntries ?? usual);
  return { name, type, keySize, valueSize: tableValueSize, maxEntries: entries, flags };
}

/** The name of a table's map: at most 15 bytes, unique by its number. */
export function tableMapName(table: TableReference, number: number): string {
  return `t${number}_${table.name.replace(/[^A-Za-z0-9_]/g, '_')}`.slice(0, 15);
}

/**
 * A key as it lies in the map.
 * @param parts the numbers of the key, the most significant first, as `keyWidths` has them
 * @param prefixLength for networks: the bits that count; all of them unless said
 */
export function tableMapKey(space: KeySpace, parts: readonly number[], prefixLength?: number): Uint8Array {
  const { keySize, offsets, order, prefixBits } = mapLayouts[space];
  const key = new Uint8Array(keySize);
  const view = new DataView(key.buffer);
  if (prefixBits > 0) view.setUint32(0, prefixLength ?? prefixBits, true);
  for (const [index, part] of parts.entries()) {
    const offset = offsets[index] as number;
    if (order === 'host') view.setUint32(offset, part, true);
    else if (keyWidths[space][index] === 16) view.setUint16(offset, part);
    else view.setUint32(offset, part);
  }
  return key;
}

/** A value as it lies in the map. */
export function tableMapValue(number: number): Uint8Array {
  const value = new Uint8Array(tableValueSize);
  new DataView(value.buffer).setUint32(0, number, true);
  return value;
}

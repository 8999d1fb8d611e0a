import type { MapSpec, MapType, Program } from '../program.ts';

/** A map of the interpreter. Keys and values are bytes as the kernel would hold them; there is one CPU. */
export interface RuntimeMap {
  readonly spec: MapSpec;
  /** The element itself: writing to it changes the map. */
  lookup(key: Uint8Array): Uint8Array | undefined;
  /**
   * @param flags BPF_ANY 0, BPF_NOEXIST 1, BPF_EXIST 2
   * @returns 0, or a negative errno as the helper gives it
   */
  update(key: Uint8Array, value: Uint8Array, flags: number): number;
  /** @returns 0, or a negative errno */
  remove(key: Uint8Array): number;
  /** Of a map of maps: what it holds, by its index. Assigning to one swaps the contents, as user space does. */
  readonly innerMaps?: (RuntimeMap | undefined)[];
}

/** By the names that the program calls them. */
export type RuntimeMaps = ReadonlyMap<string, RuntimeMap>;

/** New maps for a program: arrays full of zeros, the others empty; a map of maps holds one of these. */
export function createMaps(program: Program): RuntimeMaps {
  return new Map(program.maps.map((spec) => [spec.name, createRuntimeMap(spec)]));
}

/** @throws Error for the types that the interpreter does not know */
export function createRuntimeMap(spec: MapSpec): RuntimeMap {
  const create = makers[spec.type];
  if (create === undefined) throw new Error(`the interpreter has no maps of type ${spec.type}`);
  return create(spec);
}

const makers: Readonly<Partial<Record<MapType, (spec: MapSpec) => RuntimeMap>>> = {
  array: createArray,
  'percpu-array': createArray,
  hash: createHash,
  'percpu-hash': createHash,
  'lpm-trie': createTrie,
  'array-of-maps': createArrayOfMaps,
};

const ENOENT = -2;
const E2BIG = -7;
const EEXIST = -17;
const EINVAL = -22;
const BPF_NOEXIST = 1;
const BPF_EXIST = 2;

function createArray(spec: MapSpec): RuntimeMap {
  const values = Array.from({ length: spec.maxEntries }, () => new Uint8Array(spec.valueSize));
  const valueAt = (key: Uint8Array): Uint8Array | undefined => values[wordAt(key)];
  return {
    spec,
    lookup: valueAt,
    update(key, value, flags) {
      if (flags === BPF_NOEXIST) return EEXIST;
      const element = valueAt(key);
      if (element === undefined) return E2BIG;
      element.set(value);
      return 0;
    },
    remove: () => EINVAL,
  };
}

/** Programs only read it, and get the inner map itself (`innerMaps`). */
function createArrayOfMaps(spec: MapSpec): RuntimeMap {
  const innerMaps = [createRuntimeMap(spec.innerMap as MapSpec)];
  return { spec, innerMaps, lookup: () => undefined, update: () => EINVAL, remove: () => EINVAL };
}

function createHash(spec: MapSpec): RuntimeMap {
  const values = new Map<string, Uint8Array>();
  return {
    spec,
    lookup: (key) => values.get(textOf(key)),
    update: (key, value, flags) => updateTable(values, spec, textOf(key), value, flags),
    remove: (key) => (values.delete(textOf(key)) ? 0 : ENOENT),
  };
}

/** Keys are a 32-bit prefix length and the bytes of the prefix; the longest prefix that fits is found. */
function createTrie(spec: MapSpec): RuntimeMap {
  const values = new Map<string, Uint8Array>();
  const longest = (spec.keySize - 4) * 8;
  const tooLong = (key: Uint8Array): boolean => wordAt(key) > longest;
  return {
    spec,
    lookup(key) {
      for (let length = Math.min(wordAt(key), longest); length >= 0; length--) {
        const value = values.get(prefixOf(key, length));
        if (value !== undefined) return value;
      }
      return undefined;
    },
    update: (key, value, flags) =>
      tooLong(key) ? EINVAL : updateTable(values, spec, prefixOf(key, wordAt(key)), value, flags),
    remove(key) {
      if (tooLong(key)) return EINVAL;
      return values.delete(prefixOf(key, wordAt(key))) ? 0 : ENOENT;
    },
  };
}

function updateTable(
  values: Map<string, Uint8Array>,
  { maxEntries }: MapSpec,
  key: string,
  value: Uint8Array,
  flags: number,
): number {
  const known = values.has(key);
  if (known && flags === BPF_NOEXIST) return EEXIST;
  if (!known && flags === BPF_EXIST) return ENOENT;
  if (!known && values.size >= maxEntries) return E2BIG;
  values.set(key, value.slice());
  return 0;
}

function wordAt(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
}

function textOf(bytes: Uint8Array): string {
  return bytes.join(' ');
}

function prefixOf(key: Uint8Array, length: number): string {
  const bytes = key.slice(4, 4 + Math.ceil(length / 8));
  const last = bytes.length - 1;
  if (length % 8 !== 0) bytes[last] = (bytes[last] as number) & (0xff << (8 - (length % 8)));
  return `${length}: ${textOf(bytes)}`;
}

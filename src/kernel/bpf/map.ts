import type { Kernel, Reference } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import { attributes, setObjectName } from './attributes.ts';
import { command } from './command.ts';

/** Numbers of `enum bpf_map_type`. */
export const mapTypes = {
  hash: 1,
  array: 2,
  'program-array': 3,
  'percpu-hash': 5,
  'percpu-array': 6,
  'lpm-trie': 11,
  'array-of-maps': 12,
  'hash-of-maps': 13,
} as const;

/** What MAP_CREATE wants to know. Sizes in bytes. */
export interface MapCreation {
  readonly name: string;
  readonly type: keyof typeof mapTypes;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_…, see `mapFlags`. */
  readonly flags: number;
  /** For a map of maps: a descriptor of a map like those that it will hold. */
  readonly innerMap?: number;
}

/** BPF_F_… of MAP_CREATE. */
export const mapFlags = {
  noPreallocation: 1,
  /** User space cannot write. */
  readOnly: 1 << 3,
  /** Programs cannot write; with `freezeMap` the verifier takes the values for constants. */
  readOnlyForPrograms: 1 << 7,
  mappable: 1 << 10,
} as const;

/** Whether an update may create (`absent`, `any`) or replace (`present`, `any`) an element. */
export type UpdateCondition = keyof typeof updateConditions;
const updateConditions = { any: 0, absent: 1, present: 2 } as const;

/** Offsets in `union bpf_attr` for MAP_CREATE. */
const creation = { size: 72, type: 0, keySize: 4, valueSize: 8, maxEntries: 12, flags: 16, innerMap: 20, name: 28 };
/** Offsets for the commands on one element. */
const element = { size: 32, map: 0, key: 8, value: 16, flags: 24 };

/** @returns a descriptor of the new map */
export function createMap(kernel: Kernel, map: MapCreation): number {
  const bytes = attributes(creation.size, {
    [creation.type]: mapTypes[map.type],
    [creation.keySize]: map.keySize,
    [creation.valueSize]: map.valueSize,
    [creation.maxEntries]: map.maxEntries,
    [creation.flags]: map.flags,
    [creation.innerMap]: map.innerMap ?? 0,
  });
  setObjectName(bytes, creation.name, map.name);
  return kernel.bpf(command.MAP_CREATE, bytes, []);
}

/**
 * Reads one element.
 * @param valueSize bytes that the kernel writes: for a per-CPU map see `perCpuValueSize`
 * @returns undefined where there is none
 */
export function lookupElement(kernel: Kernel, map: number, key: Uint8Array, valueSize: number): Uint8Array | undefined {
  const value = new Uint8Array(valueSize);
  const found = unlessMissing(() =>
    kernel.bpf(command.MAP_LOOKUP_ELEM, attributes(element.size, { [element.map]: map }), [
      { offset: element.key, buffer: key },
      { offset: element.value, buffer: value },
    ]),
  );
  return found ? value : undefined;
}

/** Writes one element: EEXIST where it had to be absent, ENOENT where it had to be present, E2BIG when the map is full. */
export function updateElement(
  kernel: Kernel,
  map: number,
  key: Uint8Array,
  value: Uint8Array,
  condition: UpdateCondition = 'any',
): void {
  const fields = { [element.map]: map, [element.flags]: updateConditions[condition] };
  kernel.bpf(command.MAP_UPDATE_ELEM, attributes(element.size, fields), [
    { offset: element.key, buffer: key },
    { offset: element.value, buffer: value },
  ]);
}

/** @returns whether the element was there */
export function deleteElement(kernel: Kernel, map: number, key: Uint8Array): boolean {
  return unlessMissing(() =>
    kernel.bpf(command.MAP_DELETE_ELEM, attributes(element.size, { [element.map]: map }), [
      { offset: element.key, buffer: key },
    ]),
  );
}

/**
 * The key after `key`, or the first one. When `key` has gone meanwhile, a hash starts over.
 * @returns undefined after the last one
 */
export function nextKey(
  kernel: Kernel,
  map: number,
  key: Uint8Array | undefined,
  keySize: number,
): Uint8Array | undefined {
  const next = new Uint8Array(keySize);
  const references: Reference[] = [{ offset: element.value, buffer: next }];
  if (key !== undefined) references.push({ offset: element.key, buffer: key });
  const found = unlessMissing(() =>
    kernel.bpf(command.MAP_GET_NEXT_KEY, attributes(element.size, { [element.map]: map }), references),
  );
  return found ? next : undefined;
}

/** User space cannot write the map any more (Linux 5.2). */
export function freezeMap(kernel: Kernel, map: number): void {
  kernel.bpf(command.MAP_FREEZE, attributes(4, { 0: map }), []);
}

/** Bytes of a per-CPU value as user space sees it: one for each possible CPU, each rounded up to 8. */
export function perCpuValueSize(valueSize: number, possibleCpus: number): number {
  return Math.ceil(valueSize / 8) * 8 * possibleCpus;
}

/** How many CPUs this machine could ever have, which is what sizes the values of per-CPU maps. */
export function countPossibleCpus(kernel: Kernel): number {
  const ranges = kernel.readTextFile('/sys/devices/system/cpu/possible').trim().split(',');
  return ranges.reduce((sum, range) => {
    const [first, last] = range.split('-').map(Number);
    return sum + (last ?? first!) - first! + 1;
  }, 0);
}

function unlessMissing(call: () => unknown): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

import type { TypeTable } from './btf.ts';
import type { MapSpec, MapType, PlainMapSpec } from './program.ts';

/** Numbers of `enum bpf_map_type` (uapi/linux/bpf.h). */
const mapTypeNumbers: Readonly<Record<MapType, number>> = {
  hash: 1,
  array: 2,
  'program-array': 3,
  'percpu-hash': 5,
  'percpu-array': 6,
  'lpm-trie': 11,
  'array-of-maps': 12,
  'hash-of-maps': 13,
};

const pointerBytes = 8;

export interface MapDeclaration {
  /** The type of the map's variable. */
  readonly type: number;
  /** What the variable takes in `.maps`. */
  readonly bytes: number;
}

/**
 * A map as libbpf reads it from an object's types: a structure whose members are pointers, `int (*max_entries)[64]`
 * saying that there are 64 entries. A map of maps ends with `values`, an array of pointers to what it holds.
 */
export function declareMap(types: TypeTable, spec: MapSpec): MapDeclaration {
  const integer = types.integer('int', 4, true);
  const numbers = (map: PlainMapSpec): [string, number][] => {
    const members: [string, number][] = [
      ['type', mapTypeNumbers[map.type]],
      ['key_size', map.keySize],
      ['value_size', map.valueSize],
      ['max_entries', map.maxEntries],
    ];
    if (map.flags !== 0) members.push(['map_flags', map.flags]);
    return members;
  };
  const declare = (map: MapSpec): MapDeclaration => {
    const members = numbers(map).map(([name, number], index): [string, number, number] => {
      return [name, types.pointer(types.array(integer, integer, number)), index * pointerBytes];
    });
    const bytes = members.length * pointerBytes;
    if (map.innerMap !== undefined) {
      const held = types.pointer(declare(map.innerMap).type);
      members.push(['values', types.array(held, integer, 0), bytes]);
    }
    return { type: types.structure('', bytes, members), bytes };
  };
  return declare(spec);
}

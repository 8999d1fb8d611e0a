import { keyWidths, tableKey, type KeySpace, type TableReference } from '../../ir/table.ts';
import type { Lookup, Value } from '../../ir/value.ts';
import { add, be16, be32, mov } from '../alu.ts';
import { helper } from '../helper.ts';
import type { Instruction, Register } from '../instruction.ts';
import { call, jumpIf } from '../jump.ts';
import { load, loadMap, store } from '../memory.ts';
import { mapLayouts, tableMapName, type TableMap } from '../table-map.ts';
import { asMaskedLoad, type Order } from './comparison.ts';
import type { Emitter } from './emitter.ts';
import type { StackFrame } from './stack-frame.ts';

/** The tables that a program asks, with the names of their maps. */
export interface TableMaps {
  mapOf(table: TableReference): string;
  readonly all: readonly TableMap[];
}

export function createTableMaps(): TableMaps {
  const maps = new Map<string, TableMap>();
  return {
    mapOf(table) {
      const known = maps.get(tableKey(table));
      if (known !== undefined) return known.map;
      const map = tableMapName(table, maps.size);
      maps.set(tableKey(table), { table, map });
      return map;
    },
    get all() {
      return [...maps.values()];
    },
  };
}

/** One value of a key: in which byte order to compute it, and what makes it lie as the map wants it. */
export interface KeyPart {
  readonly value: Value;
  readonly order: Order;
  /** Changes the register, so the value must not be one that is kept. */
  readonly convert: (register: Register) => readonly Instruction[];
  /** From r10. */
  readonly place: number;
  readonly size: 2 | 4;
}

/**
 * The parts of a lookup's key, to be computed and stored one by one.
 * @param depth tells apart keys of which one is part of the other
 */
export function keyParts({ table, key }: Lookup, frame: StackFrame, depth: number): readonly KeyPart[] {
  const { offsets, order } = mapLayouts[table.space];
  const start = keyPlace(table.space, frame, depth);
  return key.map((value, index) => {
    const size = order === 'network' && keyWidths[table.space][index] === 16 ? 2 : 4;
    const place = start + (offsets[index] as number);
    if (order === 'host') return { value, order: 'host', convert: () => [], place, size };
    if (isLoadOf(value, size)) return { value, order: 'network', convert: () => [], place, size };
    const swap = size === 2 ? be16 : be32;
    return { value, order: 'host', convert: (register) => [swap(register)], place, size };
  });
}

function isLoadOf(value: Value, size: 2 | 4): boolean {
  const loaded = asMaskedLoad(value)?.load ?? value;
  return loaded.kind === 'load' && loaded.size === size;
}

function keyPlace(space: KeySpace, frame: StackFrame, depth: number): number {
  return frame.slot(`key ${space} ${depth}`, mapLayouts[space].keySize, 8);
}

/** Asks the table for the key on the stack; the answer is in r0. A call: r1–r5 are lost. */
export function emitLookup(emitter: Emitter, frame: StackFrame, { table }: Lookup, map: string, depth: number): void {
  const { prefixBits, keySize, offsets } = mapLayouts[table.space];
  const key = keyPlace(table.space, frame, depth);
  if (prefixBits > 0) emitter.emit(store(4, 'r10', key, prefixBits));
  const written = (offsets.at(-1) as number) + (keyWidths[table.space].at(-1) === 16 && keySize === 8 ? 2 : 4);
  if (written < keySize) emitter.emit(store(2, 'r10', key + written, 0));
  const missing = emitter.freshLabel();
  emitter.emit(mov('r2', 'r10'), add('r2', key), loadMap('r1', map), call(helper.mapLookup));
  emitter.emit(jumpIf('r0', '==', 0, missing), load(4, 'r0', 'r0', 0));
  emitter.place(missing);
}

/** Whether a value asks a table. */
export function asksTable(value: Value): boolean {
  switch (value.kind) {
    case 'lookup':
      return true;
    case 'load':
      return asksTable(value.offset);
    case 'binary':
      return asksTable(value.left) || asksTable(value.right);
    default:
      return false;
  }
}

import type { Node } from '../../ir/graph.ts';
import { keyWidths, tableKey, type TableReference } from '../../ir/table.ts';
import { operandsOf, type Lookup, type Value } from '../../ir/value.ts';
import { be16, be32 } from '../alu.ts';
import type { Instruction, Register } from '../instruction.ts';
import { tableLayout, tableMapName, type TableLayout, type TableMap, type TableShape } from '../table-map.ts';
import { asMaskedLoad, type Order } from './comparison.ts';
import { nodeValues } from './needs.ts';
import type { StackFrame } from './stack-frame.ts';

/** What is wanted of the tables of a graph, by their names; a table without a shape is plain (`table-map.ts`). */
export type TableShapes = ReadonlyMap<string, TableShape>;

/** The tables that a program asks, with their maps. */
export interface TableMaps {
  mapOf(table: TableReference): TableMap;
  readonly all: readonly TableMap[];
  /** How often a search goes on behind an element that has expired, at most. */
  readonly mostRounds: number;
}

/**
 * Instructions that the verifier, which takes a million, may spend on going round the searches for what an expired
 * element hides: about 24 for each round, on both paths.
 */
const verifierBudget = 400_000;
const verifiedEachRound = 2 * 24;

/** @param nodes the nodes of the graph */
export function createTableMaps(nodes: readonly Node[], shapes: TableShapes = new Map()): TableMaps {
  const maps = new Map<string, TableMap>();
  const layoutOf = ({ space, name }: TableReference): TableLayout => tableLayout(space, shapes.get(name));
  const searches = nodes
    .flatMap((node) => nodeValues(node).flatMap(lookupsIn))
    .map(({ table }) => layoutOf(table))
    .filter(({ kind, expiring }) => kind === 'trie' && expiring);
  return {
    mapOf(table) {
      const known = maps.get(tableKey(table));
      if (known !== undefined) return known;
      const created = { table, map: tableMapName(table, maps.size), layout: layoutOf(table) };
      maps.set(tableKey(table), created);
      return created;
    },
    get all() {
      return [...maps.values()];
    },
    mostRounds: Math.max(1, Math.floor(verifierBudget / (verifiedEachRound * searches.length))),
  };
}

function lookupsIn(value: Value): readonly Lookup[] {
  const within = operandsOf(value).flatMap(lookupsIn);
  return value.kind === 'lookup' ? [value, ...within] : within;
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
export function keyParts({ key }: Lookup, layout: TableLayout, frame: StackFrame, depth: number): readonly KeyPart[] {
  let place = keyPlace(layout, frame, depth) + layout.keyOffset;
  return key.map((value, index) => {
    const part = keyPart(value, keyWidths[layout.space][index] === 16 ? 2 : 4, layout, place);
    place += part.size;
    return part;
  });
}

function keyPart(value: Value, size: 2 | 4, { kind }: TableLayout, place: number): KeyPart {
  // Of a bitmap the key is the number of a bit.
  if (kind === 'bitmap') return { value, order: 'host', convert: () => [], place, size: 4 };
  // What a load finds in the packet lies as the map wants it.
  if (isLoadOf(value, size)) return { value, order: 'network', convert: () => [], place, size };
  const swap = size === 2 ? be16 : be32;
  return { value, order: 'host', convert: (register) => [swap(register)], place, size };
}

function isLoadOf(value: Value, size: 2 | 4): boolean {
  const loaded = asMaskedLoad(value)?.load ?? value;
  return loaded.kind === 'load' && loaded.size === size;
}

/** Where on the stack a key is put together. */
export function keyPlace({ kind, keySize }: TableLayout, frame: StackFrame, depth: number): number {
  return frame.slot(`key ${kind} ${keySize} ${depth}`, keySize, 8);
}

/** Whether a value asks a table. */
export function asksTable(value: Value): boolean {
  return value.kind === 'lookup' || operandsOf(value).some(asksTable);
}

import type { Program } from '../ebpf/program.ts';
import type { TableShape } from '../ebpf/table-map.ts';
import { elementsOf, type TableContents } from '../ir/table-contents.ts';
import { tableKey } from '../ir/table.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { LoadedProgram } from '../loader/load.ts';
import { addElements } from '../loader/table.ts';
import { contentsOfSets, type PolicySet } from '../rules/policy-set.ts';
import type { Predecessor } from './predecessor.ts';
import type { RecordedTable } from './record.ts';

/** The sets of a policy on their way into the kernel, for all its interfaces together. */
export interface PolicyTables {
  /** By the sets' names. */
  readonly shapes: ReadonlyMap<string, TableShape>;
  /** What the policy file says. */
  readonly contents: TableContents;
  /** Sets whose live elements outlast an apply. */
  readonly dynamic: ReadonlySet<string>;
  /**
   * Descriptors of maps to be used, by table: of dynamic sets that are live, and those of the interfaces prepared so far,
   * which the further ones share.
   */
  readonly shared: Map<string, number>;
}

export function tablesForSets(sets: ReadonlyMap<string, PolicySet>): PolicyTables {
  const all = [...sets.values()];
  return {
    shapes: new Map(all.map(({ name, dynamic }) => [name, { swappable: true, expiring: dynamic }])),
    contents: contentsOfSets(sets),
    dynamic: new Set(all.filter(({ dynamic }) => dynamic).map(({ name }) => name)),
    shared: new Map(),
  };
}

/** Maps that exist already and serve the program, by the maps' names in it. They stay their owners'. */
export function existingTables(program: Program, tables: PolicyTables): ReadonlyMap<string, number> {
  const found = (program.tables ?? []).map((table): readonly [string, number | undefined] => {
    return [table.map, tables.shared.get(tableKey(table.table))];
  });
  return new Map(found.filter((entry): entry is [string, number] => entry[1] !== undefined));
}

/** Offers the maps of dynamic sets that the same policy has in use now, if the elements lie in them as they must. */
export function shareLiveTables(tables: PolicyTables, { record, objects }: Predecessor): void {
  for (const { set, space, shape, map } of record?.tables ?? []) {
    const key = tableKey({ name: set, space });
    const live = objects.tables.get(map);
    if (live === undefined || !tables.dynamic.has(set) || tables.shared.has(key)) continue;
    if (JSON.stringify(shape) === JSON.stringify(tables.shapes.get(set))) tables.shared.set(key, live);
  }
}

/** Fills the maps that were made for this program and offers them to the policy's further interfaces. */
export function fillTables(kernel: Kernel, program: Program, loaded: LoadedProgram, tables: PolicyTables): void {
  for (const { table, map, layout } of program.tables ?? []) {
    const contents = loaded.innerMaps.get(map);
    if (contents !== undefined) {
      const elements = elementsOf(tables.contents, table).map((element) => ({ element }));
      addElements(kernel, contents, layout, elements);
    }
    const descriptor = loaded.maps.get(map);
    if (descriptor !== undefined) tables.shared.set(tableKey(table), descriptor);
  }
}

export function recordTables(program: Program, tables: PolicyTables): readonly RecordedTable[] {
  return (program.tables ?? []).map(({ table: { name, space }, map }) => {
    return { set: name, space, map, shape: tables.shapes.get(name) ?? {} };
  });
}

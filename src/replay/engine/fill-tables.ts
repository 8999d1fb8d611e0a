import type { Program } from '../../ebpf/program.ts';
import { tableMapKey, tableMapValue } from '../../ebpf/table-map.ts';
import type { TableContents } from '../table-contents.ts';

/**
 * Fills the maps that are tables of a program.
 * @param update writes an element of a map, which is given by its name in the program
 */
export function fillTables(
  program: Program,
  contents: TableContents,
  update: (map: string, key: Uint8Array, value: Uint8Array) => void,
): void {
  for (const { table, map } of program.tables ?? []) {
    for (const { key, prefixLength, value } of contents(table)) {
      update(map, tableMapKey(table.space, key, prefixLength), tableMapValue(value));
    }
  }
}

import type { Program } from '../../ebpf/program.ts';
import { encodeElements, type StoredElement } from '../../ebpf/table-entry.ts';
import { keyBits } from '../../ebpf/table-map.ts';
import { keyWidths, type KeySpace } from '../../ir/table.ts';
import type { TableContents, TableEntry } from '../table-contents.ts';

/**
 * Fills the maps that are tables of a program.
 * @param update writes an element of a map, which is given by its name in the program
 */
export function fillTables(
  program: Program,
  contents: TableContents,
  update: (map: string, key: Uint8Array, value: Uint8Array) => void,
): void {
  for (const { table, map, layout } of program.tables ?? []) {
    const stored = [...contents(table)].map((entry) => storedElement(table.space, entry));
    for (const { key, value } of encodeElements(layout, stored)) update(map, key, value);
  }
}

function storedElement(space: KeySpace, { key, prefixLength = keyBits(space), value }: TableEntry): StoredElement {
  const [first = 0] = key;
  switch (space) {
    case 'ipv4':
    case 'ipv6':
      return { element: { kind: 'network', address: bytesOfKey(space, key), prefixLength }, number: value };
    case 'port':
      return { element: { kind: 'ports', first, last: first }, number: value };
    case 'mac':
      return { element: { kind: 'mac', address: bytesOfKey(space, key) }, number: value };
  }
}

/** The numbers of a key as bytes in network order. */
function bytesOfKey(space: KeySpace, key: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(keyBits(space) / 8);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [index, width] of keyWidths[space].entries()) {
    const part = key[index] as number;
    if (width === 32) view.setUint32(offset, part);
    else view.setUint16(offset, part);
    offset += width / 8;
  }
  return bytes;
}

import type { KeySpace, TableReference } from '../ir/table.ts';
import type { PolicySet, SetElement } from './policy-set.ts';

/** An element of a set as the element of a table: a key of numbers, as `keyWidths` has them. */
export interface SetEntry {
  readonly key: readonly number[];
  /** Of a network: the bits that count. */
  readonly prefixLength?: number;
  readonly value: 1;
}

/** What a table of a policy's sets holds when it starts: what the files say. A set of both families is two tables. */
export function* entriesOfTable(sets: ReadonlyMap<string, PolicySet>, table: TableReference): Generator<SetEntry> {
  for (const element of sets.get(table.name)?.elements ?? []) yield* entriesOfElement(element, table.space);
}

/** The entries of one element in the tables of a key space: none in those of the other family, one for each port. */
export function* entriesOfElement(element: SetElement, space: KeySpace): Generator<SetEntry> {
  switch (element.kind) {
    case 'network': {
      const family = element.address.length === 4 ? 'ipv4' : 'ipv6';
      if (family === space) yield { key: words(element.address), prefixLength: element.prefixLength, value: 1 };
      return;
    }
    case 'ports':
      for (let port = element.first; port <= element.last; port++) yield { key: [port], value: 1 };
      return;
    case 'mac': {
      const view = new DataView(element.address.buffer, element.address.byteOffset, 6);
      yield { key: [view.getUint32(0), view.getUint16(4)], value: 1 };
    }
  }
}

/** 32 bits each. */
function words(address: Uint8Array): readonly number[] {
  const view = new DataView(address.buffer, address.byteOffset, address.length);
  return Array.from({ length: address.length / 4 }, (_, index) => view.getUint32(4 * index));
}

import { keyWidths, type KeySpace, type TableReference, type Tables } from '../ir/table.ts';

/** An element of a table. */
export interface TableEntry {
  /** The numbers of the key, the most significant first, as `keyWidths` has them. */
  readonly key: readonly number[];
  /** Of a network: the bits that count; all of them unless said. */
  readonly prefixLength?: number;
  /** What a lookup gives, never 0. Tables of ports are sets: there it is 1. */
  readonly value: number;
}

/** What the tables of a program hold. */
export type TableContents = (table: TableReference) => Iterable<TableEntry>;

/** For programs that look nothing up. */
export const noContents: TableContents = (table) => {
  throw new Error(`nobody says what the table ${table.name} holds`);
};

/** Answers lookups from the contents as they are when a table is first asked. Of networks, the longest decides. */
export function tablesHolding(contents: TableContents): Tables {
  const tables = new Map<TableReference, (key: readonly number[]) => number>();
  return (table, key) => {
    let answer = tables.get(table);
    if (answer === undefined) tables.set(table, (answer = lookupIn(table, contents(table))));
    return answer(key);
  };
}

function lookupIn({ space }: TableReference, entries: Iterable<TableEntry>): (key: readonly number[]) => number {
  const bits = keyWidths[space].reduce((sum, width) => sum + width, 0);
  const byLength = new Map<number, Map<number | string, number>>();
  for (const { key, prefixLength = bits, value } of entries) {
    let elements = byLength.get(prefixLength);
    if (elements === undefined) byLength.set(prefixLength, (elements = new Map()));
    elements.set(maskedKey(space, key, prefixLength), value);
  }
  const longestFirst = [...byLength].toSorted(([a], [b]) => b - a);
  return (key) => {
    for (const [prefixLength, elements] of longestFirst) {
      const value = elements.get(maskedKey(space, key, prefixLength));
      if (value !== undefined) return value;
    }
    return 0;
  };
}

/** The first bits of a key, as a number where it is exact, else as a text; equal for equal ones. */
function maskedKey(space: KeySpace, key: readonly number[], prefixLength: number): number | string {
  const [first = 0, second = 0] = key;
  switch (space) {
    case 'ipv4':
      return masked(first, prefixLength);
    case 'port':
      return first;
    case 'mac':
      return first * 65_536 + second;
    case 'ipv6':
      return key.map((part, index) => masked(part, prefixLength - 32 * index)).join(' ');
  }
}

/** The first bits of 32, the others 0. */
function masked(part: number, bits: number): number {
  if (bits >= 32) return part;
  return bits <= 0 ? 0 : (part >>> (32 - bits)) << (32 - bits);
}

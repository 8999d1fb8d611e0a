import { keyWidths, type TableReference, type Tables } from '../ir/table.ts';

/** An element of a table. */
export interface TableEntry {
  /** The numbers of the key, the most significant first, as `keyWidths` has them. */
  readonly key: readonly number[];
  /** Of a network: the bits that count; all of them unless said. */
  readonly prefixLength?: number;
  /** What a lookup gives; 0 is the same as no element. */
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
  const widths = keyWidths[space];
  const bits = widths.reduce((sum, width) => sum + width, 0);
  const byLength = new Map<number, Map<string, number>>();
  for (const { key, prefixLength = bits, value } of entries) {
    let elements = byLength.get(prefixLength);
    if (elements === undefined) byLength.set(prefixLength, (elements = new Map()));
    elements.set(maskedKey(key, widths, prefixLength), value);
  }
  const longestFirst = [...byLength].toSorted(([a], [b]) => b - a);
  return (key) => {
    for (const [prefixLength, elements] of longestFirst) {
      const value = elements.get(maskedKey(key, widths, prefixLength));
      if (value !== undefined) return value;
    }
    return 0;
  };
}

/** The first bits of a key, as a text that is equal for equal ones. */
function maskedKey(key: readonly number[], widths: readonly number[], prefixLength: number): string {
  let left = prefixLength;
  return key
    .map((part, index) => {
      const width = widths[index] as number;
      const kept = Math.min(Math.max(left, 0), width);
      left -= width;
      return kept === 0 ? 0 : (part >>> (width - kept)) << (width - kept);
    })
    .join(' ');
}

/**
 * Tables beside a program: what a `lookup` value asks. The graph names a table and says what its keys are; what is in it
 * lives elsewhere (a map in the kernel, a set in JavaScript) and may change while the program runs.
 */
export interface TableReference {
  /** Unique among the tables of a graph. */
  readonly name: string;
  readonly space: KeySpace;
}

/**
 * What the keys of a table are: addresses (stored as networks, the longest prefix that matches decides), ports, Ethernet
 * addresses. A set of addresses of both families is two tables.
 */
export type KeySpace = 'ipv4' | 'ipv6' | 'port' | 'mac';

/** The bits of each value that makes up a key, the most significant first. */
export const keyWidths: Readonly<Record<KeySpace, readonly number[]>> = {
  ipv4: [32],
  ipv6: [32, 32, 32, 32],
  port: [16],
  mac: [32, 16],
};

/** Answers lookups: the number stored for a key, 0 where there is none. */
export type Tables = (table: TableReference, key: readonly number[]) => number;

/** For graphs that look nothing up. */
export const noTables: Tables = (table) => {
  throw new Error(`nobody provides the table ${table.name}`);
};

export function tableKey(table: TableReference): string {
  return `${table.name} ${table.space}`;
}

import type { Node } from '../ir/graph.ts';
import { noTables, type TableReference, type Tables } from '../ir/table.ts';
import type { Verdict } from '../ir/verdict.ts';
import type { BatchFunction } from './columns.ts';
import { generate } from './generate.ts';

/**
 * A graph as a function over batches of packets, in the strict meaning of `ir/evaluate.ts`.
 * @param outcomeOf the number, below 65,535, to write for a verdict
 * @param tables answers the graph's lookups
 */
export function compileToJavaScript(
  entry: Node,
  outcomeOf: (verdict: Verdict) => number,
  tables: Tables = noTables,
): BatchFunction {
  const { source, references } = generate(entry, outcomeOf);
  // The one place where text becomes code. The text is `generate`'s: fixed words and numbers, nothing of a user's.
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function('tables', 'references', source) as (
    tables: Tables,
    references: readonly TableReference[],
  ) => BatchFunction;
  return make(tables, references);
}

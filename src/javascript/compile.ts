import type { Node } from '../ir/graph.ts';
import type { Verdict } from '../ir/verdict.ts';
import type { BatchFunction } from './columns.ts';
import { generate } from './generate.ts';

/**
 * A graph as a function over batches of packets, in the strict meaning of `ir/evaluate.ts`.
 * @param outcomeOf the number, below 65,535, to write for a verdict
 */
export function compileToJavaScript(entry: Node, outcomeOf: (verdict: Verdict) => number): BatchFunction {
  // The one place where text becomes code. The text is `generate`'s: fixed words and numbers, nothing of a user's.
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function(generate(entry, outcomeOf)) as () => BatchFunction;
  return make();
}

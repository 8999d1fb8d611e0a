import { compileToJavaScript } from '../../javascript/compile.ts';
import { createCounters, type Engine } from '../engine.ts';
import { noContents, tablesHolding } from '../table-contents.ts';

/** Generated JavaScript with its own loop over the batch: the fastest, and the default. */
export const javascriptEngine: Engine = {
  name: 'javascript',
  prepare({ graph, counters, tables = noContents }, table) {
    const counted = createCounters(counters);
    const run = compileToJavaScript(graph.entry, (verdict) => table.numberOf(verdict), tablesHolding(tables));
    return {
      able: true,
      run: (batch, outcomes) => run(batch, outcomes, counted.packets, counted.bytes),
      counters: () => counted,
      close() {},
    };
  },
};

import { evaluate } from '../../ir/evaluate.ts';
import { createCounters, type Engine } from '../engine.ts';
import { packetOfBatch } from '../packet-of-batch.ts';
import { noContents, tablesHolding } from '../table-contents.ts';

/** The meaning itself, packet by packet: slow, and right by definition. */
export const evaluatorEngine: Engine = {
  name: 'evaluator',
  prepare({ graph, counters, tables = noContents }, table) {
    const answers = tablesHolding(tables);
    const counted = createCounters(counters);
    return {
      able: true,
      run(batch, outcomes) {
        for (let i = 0; i < batch.count; i++) {
          const packet = packetOfBatch(batch, i);
          const outcome = evaluate(graph.entry, packet, answers);
          outcomes[i] = table.numberOf(outcome.verdict);
          for (const counter of outcome.counted) {
            counted.packets[counter] = (counted.packets[counter] as number) + 1;
            counted.bytes[counter] = (counted.bytes[counter] as number) + packet.length;
          }
        }
      },
      counters: () => counted,
      close() {},
    };
  },
};

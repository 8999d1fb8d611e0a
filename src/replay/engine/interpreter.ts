import { generate, InexpressibleError } from '../../cbpf/generate.ts';
import { interpreter } from '../../cbpf/interpret.ts';
import type { Program } from '../../cbpf/program.ts';
import { createCounters, unable, type Engine, type ReplayProgram, type Unable } from '../engine.ts';
import { matchOutcome, noMatchOutcome } from '../outcome.ts';
import { metadataOfPacket } from '../packet-of-batch.ts';

/** The classic program that a capture file is filtered with, interpreted. Filters only: classic BPF cannot count. */
export const interpreterEngine: Engine = {
  name: 'interpreter',
  prepare(program) {
    const classic = classicProgram(program);
    if ('able' in classic) return classic;
    const execute = interpreter(classic.instructions);
    return {
      able: true,
      run(batch, outcomes) {
        const { bytes, offsets, capturedLengths, lengths } = batch;
        for (let i = 0; i < batch.count; i++) {
          const offset = offsets[i] as number;
          const captured = capturedLengths[i] as number;
          const kept = execute(bytes, offset, captured, lengths[i] as number, metadataOfPacket(batch, i));
          outcomes[i] = kept === 0 ? noMatchOutcome : matchOutcome;
        }
      },
      counters: () => createCounters(program.counters),
      close() {},
    };
  },
};

/** The program for capture files, or why there is none. */
export function classicProgram({ graph }: ReplayProgram): Program | Unable {
  try {
    return generate(graph, { target: 'capture' });
  } catch (error) {
    if (error instanceof InexpressibleError) return unable(error.message);
    throw error;
  }
}

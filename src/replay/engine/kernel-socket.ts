import { generate, InexpressibleError } from '../../cbpf/generate.ts';
import type { Program } from '../../cbpf/program.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { openVerdictSocket } from '../../socket/verdict-socket.ts';
import { createCounters, unable, type Engine, type ReplayProgram, type Unable } from '../engine.ts';
import { matchOutcome, noMatchOutcome, notExpressed } from '../outcome.ts';

/**
 * The kernel's machine for classic programs, which needs no privileges: packets go through a pair of AF_UNIX sockets
 * with the filter on one end. It knows neither packets that were cut short nor what a live hook knows beside the bytes.
 */
export function kernelSocketEngine(kernel: Kernel): Engine {
  return {
    name: 'kernel-socket',
    prepare(program) {
      const classic = socketProgram(program);
      if ('able' in classic) return classic;
      const socket = openVerdictSocket(kernel, classic.instructions);
      return {
        able: true,
        run(batch, outcomes) {
          const { bytes, offsets, capturedLengths, lengths, metadata } = batch;
          for (let i = 0; i < batch.count; i++) {
            const offset = offsets[i] as number;
            const captured = capturedLengths[i] as number;
            const isWhole = captured === lengths[i] && captured <= socket.longestPacket && metadata === undefined;
            outcomes[i] = isWhole
              ? outcomeOf(socket.keptLength(bytes.subarray(offset, offset + captured)))
              : notExpressed;
          }
        },
        counters: () => createCounters(program.counters),
        close: () => socket.close(),
      };
    },
  };
}

function outcomeOf(kept: number | undefined): number {
  return kept === undefined ? noMatchOutcome : matchOutcome;
}

/** The tag stands in the bytes here, so the graph over the wire frame is the right one. */
function socketProgram({ graph }: ReplayProgram): Program | Unable {
  try {
    return generate(graph, { target: 'socket' });
  } catch (error) {
    if (error instanceof InexpressibleError) return unable(error.message);
    throw error;
  }
}

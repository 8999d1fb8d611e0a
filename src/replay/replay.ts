import type { PacketBatch } from '../capture/batch.ts';
import type { CaptureError } from '../capture/capture-error.ts';
import { batchCapacity } from '../capture/columns.ts';
import type { Verdict } from '../ir/verdict.ts';
import type { Counters, Engine, Unable } from './engine.ts';
import { startEngine, type ProgramSource } from './engine-run.ts';
import { createOutcomeTable, notExpressed } from './outcome.ts';
import { ReplayError } from './replay-error.ts';
import { forEachBatch, type PacketSources } from './source.ts';

export interface ReplayOptions {
  readonly sources: PacketSources;
  readonly program: ProgramSource;
  readonly engine: Engine;
  /** How many counters the program has, for every link type the same. */
  readonly counters: number;
  /** Sees every batch with its outcomes, which are valid until it returns (or its promise is settled). */
  readonly onBatch?: (batch: PacketBatch, outcomes: Uint16Array) => void | Promise<void>;
  /**
   * Told of a capture that cannot be read to its end; what was read of it is counted, and the next one follows.
   * Without it, the error is thrown.
   */
  readonly onFailure?: (error: CaptureError) => void;
}

export interface ReplayResult {
  readonly packets: number;
  /** Lengths on the wire, summed. */
  readonly bytes: number;
  /** What became of the packets, in the order of the outcome numbers. */
  readonly byVerdict: readonly VerdictCount[];
  /** Packets that the engine could not express. */
  readonly notExpressed: number;
  readonly counters: Counters;
}

export interface VerdictCount {
  readonly verdict: Verdict;
  readonly packets: number;
  readonly bytes: number;
}

/**
 * Runs a program over captures.
 * @throws ReplayError, CaptureError (see `onFailure`), and whatever `program` and `onBatch` throw; `onBatch` has seen
 * every packet before
 */
export async function replay(options: ReplayOptions): Promise<ReplayResult> {
  const table = createOutcomeTable();
  const run = startEngine(options.engine, options.program, table);
  const outcomes = new Uint16Array(batchCapacity);
  const tally = createTally();
  const see = async (batch: PacketBatch): Promise<void> => {
    const running = run.run(batch, outcomes);
    const failed = running instanceof Promise ? await running : running;
    if (failed !== undefined) throw unableError(options.engine, failed);
    tally.add(batch, outcomes);
    await options.onBatch?.(batch, outcomes);
  };
  try {
    await forEachBatch(options.sources, see, options.onFailure);
    return { ...tally.result(table.verdicts), counters: run.counters(options.counters) };
  } finally {
    run.close();
  }
}

function unableError({ name }: Engine, { reason }: Unable): ReplayError {
  return new ReplayError('engine-unable', `the ${name} engine cannot run this: ${reason}`);
}

interface Tally {
  add(batch: PacketBatch, outcomes: Uint16Array): void;
  result(verdicts: readonly Verdict[]): Omit<ReplayResult, 'counters'>;
}

function createTally(): Tally {
  // Indexed by outcome. Plain arrays: their length is known only at the end, and it is small but for `notExpressed`.
  const packets: number[] = [0, 0];
  const bytes: number[] = [0, 0];
  let all = 0;
  let allBytes = 0;
  let missed = 0;
  return {
    add({ count, lengths }, outcomes) {
      all += count;
      for (let i = 0; i < count; i++) {
        const outcome = outcomes[i] as number;
        const length = lengths[i] as number;
        allBytes += length;
        if (outcome === notExpressed) missed++;
        else {
          packets[outcome] = (packets[outcome] ?? 0) + 1;
          bytes[outcome] = (bytes[outcome] ?? 0) + length;
        }
      }
    },
    result: (verdicts) => ({
      packets: all,
      bytes: allBytes,
      byVerdict: verdicts.map((verdict, outcome) => {
        return { verdict, packets: packets[outcome] ?? 0, bytes: bytes[outcome] ?? 0 };
      }),
      notExpressed: missed,
    }),
  };
}

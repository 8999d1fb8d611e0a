import type { PacketBatch } from '../capture/batch.ts';
import type { CaptureError } from '../capture/capture-error.ts';
import { batchCapacity } from '../capture/columns.ts';
import type { Verdict } from '../ir/verdict.ts';
import type { Counters, Engine, Unable } from './engine.ts';
import { startEngine, type ProgramSource } from './engine-run.ts';
import { createOutcomeTable, notExpressed, type OutcomeTable } from './outcome.ts';
import { ReplayError } from './replay-error.ts';
import { forEachBatch, type PacketSources } from './source.ts';

export interface ReplayOptions {
  readonly sources: PacketSources;
  readonly program: ProgramSource;
  readonly engine: Engine;
  /** How many counters the program has, for every link type the same. */
  readonly counters: number;
  /**
   * Sees every batch with its outcomes, which are valid until it returns (or its promise is settled), and the verdicts
   * that the numbers among the outcomes stand for.
   */
  readonly onBatch?: (batch: PacketBatch, outcomes: Uint16Array, verdicts: readonly Verdict[]) => void | Promise<void>;
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
  const tally = createTally(table);
  const see = async (batch: PacketBatch): Promise<void> => {
    const running = run.run(batch, outcomes);
    const failed = running instanceof Promise ? await running : running;
    if (failed !== undefined) throw unableError(options.engine, failed);
    tally.add(batch, outcomes);
    await options.onBatch?.(batch, outcomes, table.verdicts);
  };
  try {
    await forEachBatch(options.sources, see, options.onFailure);
    return { ...tally.result(), counters: run.counters(options.counters) };
  } finally {
    run.close();
  }
}

function unableError({ name }: Engine, { reason }: Unable): ReplayError {
  return new ReplayError('engine-unable', `the ${name} engine cannot run this: ${reason}`);
}

interface Tally {
  add(batch: PacketBatch, outcomes: Uint16Array): void;
  result(): Omit<ReplayResult, 'counters'>;
}

function createTally(table: OutcomeTable): Tally {
  // Indexed by outcome. Typed arrays, for this loop is as hot as the filter's.
  let packets = new Float64Array(2);
  let bytes = new Float64Array(2);
  let all = 0;
  let missed = 0;
  let missedBytes = 0;
  const makeRoom = (): void => {
    if (packets.length >= table.verdicts.length) return;
    packets = longer(packets, table.verdicts.length);
    bytes = longer(bytes, table.verdicts.length);
  };
  return {
    add({ count, lengths }, outcomes) {
      makeRoom();
      all += count;
      for (let i = 0; i < count; i++) {
        const outcome = outcomes[i] as number;
        const length = lengths[i] as number;
        if (outcome === notExpressed) {
          missed++;
          missedBytes += length;
        } else {
          packets[outcome] = (packets[outcome] as number) + 1;
          bytes[outcome] = (bytes[outcome] as number) + length;
        }
      }
    },
    result() {
      makeRoom();
      return {
        packets: all,
        bytes: bytes.reduce((sum, each) => sum + each, missedBytes),
        byVerdict: table.verdicts.map((verdict, outcome) => {
          return { verdict, packets: packets[outcome] as number, bytes: bytes[outcome] as number };
        }),
        notExpressed: missed,
      };
    },
  };
}

function longer(values: Float64Array, length: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(length);
  copy.set(values);
  return copy;
}

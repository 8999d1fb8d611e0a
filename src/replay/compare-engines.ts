import type { PacketBatch } from '../capture/batch.ts';
import type { CaptureError } from '../capture/capture-error.ts';
import { batchCapacity } from '../capture/columns.ts';
import type { Verdict } from '../ir/verdict.ts';
import type { Engine, EngineName } from './engine.ts';
import { startEngine, type EngineRun, type ProgramSource } from './engine-run.ts';
import { createOutcomeTable, notExpressed } from './outcome.ts';
import { forEachBatch, type PacketSources } from './source.ts';

export interface CompareOptions {
  readonly sources: PacketSources;
  readonly program: ProgramSource;
  /** The first is the one that the others are compared with. */
  readonly engines: readonly Engine[];
  /** Disagreements kept; all are counted. Default 100. */
  readonly keep?: number;
  /** As for `replay`. */
  readonly onFailure?: (error: CaptureError) => void;
}

export interface Comparison {
  readonly packets: number;
  readonly engines: readonly EngineReport[];
  /** Packets on which not all engines agree. */
  readonly disagreements: number;
  readonly examples: readonly Disagreement[];
}

export interface EngineReport {
  readonly name: EngineName;
  /** Packets that it gave a verdict for. */
  readonly packets: number;
  readonly notExpressed: number;
  /** Why it could not run at all for some link type. */
  readonly unable?: string;
}

export interface Disagreement {
  /** Of the capture, by its place in `sources` from 0, and the packet in it from 1. */
  readonly source: number;
  readonly packetNumber: number;
  readonly verdicts: readonly { readonly engine: EngineName; readonly verdict: Verdict }[];
}

/** Runs several engines over the same packets and reports where they differ. */
export async function compareEngines(options: CompareOptions): Promise<Comparison> {
  const table = createOutcomeTable();
  const contestants = options.engines.map((engine) => enter(startEngine(engine, options.program, table)));
  const keep = options.keep ?? 100;
  const examples: Disagreement[] = [];
  let disagreements = 0;
  let packets = 0;
  const see = async (batch: PacketBatch, source: number): Promise<void> => {
    for (const contestant of contestants) await step(contestant, batch);
    for (let i = 0; i < batch.count; i++) {
      const answers = answersTo(i, contestants);
      if (answers.every(({ outcome }) => outcome === answers[0]?.outcome)) continue;
      disagreements++;
      if (examples.length === keep) continue;
      const verdicts = answers.map(({ engine, outcome }) => ({ engine, verdict: table.verdicts[outcome] as Verdict }));
      examples.push({ source, packetNumber: batch.firstNumber + i, verdicts });
    }
    packets += batch.count;
  };
  try {
    await forEachBatch(options.sources, see, options.onFailure);
    return { packets, engines: contestants.map(reportOf), disagreements, examples };
  } finally {
    for (const { run } of contestants) run.close();
  }
}

interface Contestant {
  readonly run: EngineRun;
  readonly outcomes: Uint16Array;
  packets: number;
  notExpressed: number;
  unable: string | undefined;
}

function enter(run: EngineRun): Contestant {
  return { run, outcomes: new Uint16Array(batchCapacity), packets: 0, notExpressed: 0, unable: undefined };
}

async function step(contestant: Contestant, batch: PacketBatch): Promise<void> {
  const { run, outcomes } = contestant;
  const failed = await run.run(batch, outcomes);
  if (failed !== undefined) {
    contestant.unable = failed.reason;
    outcomes.fill(notExpressed, 0, batch.count);
  }
  const missed = outcomes.subarray(0, batch.count).reduce((sum, outcome) => sum + Number(outcome === notExpressed), 0);
  contestant.notExpressed += missed;
  contestant.packets += batch.count - missed;
}

interface Answer {
  readonly engine: EngineName;
  readonly outcome: number;
}

function answersTo(index: number, contestants: readonly Contestant[]): readonly Answer[] {
  const answers: Answer[] = [];
  for (const { run, outcomes } of contestants) {
    const outcome = outcomes[index] as number;
    if (outcome !== notExpressed) answers.push({ engine: run.engine.name, outcome });
  }
  return answers;
}

function reportOf({ run, packets, notExpressed: missed, unable }: Contestant): EngineReport {
  const report = { name: run.engine.name, packets, notExpressed: missed };
  return unable === undefined ? report : { ...report, unable };
}

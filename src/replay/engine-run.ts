import type { PacketBatch } from '../capture/batch.ts';
import type { LinkType } from '../ir/link-type.ts';
import {
  addCounters,
  createCounters,
  type Counters,
  type Engine,
  type PreparedProgram,
  type ReplayProgram,
  type Unable,
} from './engine.ts';
import type { OutcomeTable } from './outcome.ts';
import { ReplayError } from './replay-error.ts';

/** What to run, for whichever link types the capture turns out to have. */
export interface ProgramSource {
  /**
   * The filter or policy for packets of a link type; asked once for each.
   * @throws anything that its caller understands, where there is no such program; the replay ends with it
   */
  programFor(linkType: LinkType): ReplayProgram;
}

/** One engine in the course of a replay: its prepared program for each link type met. */
export interface EngineRun {
  readonly engine: Engine;
  /** @returns why not, where the engine cannot express the program for the batch's link type */
  run(batch: PacketBatch, outcomes: Uint16Array): Promise<void> | void | Unable;
  counters(count: number): Counters;
  close(): void;
}

export function startEngine(engine: Engine, source: ProgramSource, table: OutcomeTable): EngineRun {
  const prepared = new Map<LinkType, PreparedProgram | Unable>();
  const programs = (): readonly PreparedProgram[] => [...prepared.values()].filter((program) => program.able);
  return {
    engine,
    run(batch, outcomes) {
      const linkType = supportedLinkType(batch);
      let program = prepared.get(linkType);
      if (program === undefined) {
        program = engine.prepare(source.programFor(linkType), table);
        prepared.set(linkType, program);
      }
      return program.able ? program.run(batch, outcomes) : program;
    },
    counters(count) {
      const sum = createCounters(count);
      for (const program of programs()) addCounters(sum, program.counters());
      return sum;
    },
    close: () => programs().forEach((program) => program.close()),
  };
}

function supportedLinkType({ linkType, firstNumber }: PacketBatch): LinkType {
  if (typeof linkType === 'string') return linkType;
  const words = `packet ${firstNumber} has link type ${linkType.fileValue}, for which pktf has no filters`;
  throw new ReplayError('unsupported-link-type', words);
}

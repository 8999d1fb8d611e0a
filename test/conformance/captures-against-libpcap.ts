import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PacketBatch } from '../../src/capture/batch.ts';
import { batchCapacity } from '../../src/capture/columns.ts';
import { CaptureError } from '../../src/capture/capture-error.ts';
import { openCapture } from '../../src/capture/open.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { compileFilter, filterGraph } from '../../src/pipeline.ts';
import type { Engine, PreparedProgram, Unable } from '../../src/replay/engine.ts';
import { createOutcomeTable, matchOutcome, notExpressed } from '../../src/replay/outcome.ts';
import { packetOfBatch } from '../../src/replay/packet-of-batch.ts';
import { LibpcapError, type Libpcap, type LibpcapProgram } from '../support/libpcap.ts';
import type { ConformanceReport } from './report.ts';

export interface EngineRun {
  /** Folder of captures. */
  readonly folder: string;
  readonly filters: readonly string[];
  readonly engines: readonly Engine[];
  readonly libpcap: Libpcap;
  readonly linkTypes?: readonly LinkType[];
}

/** A filter ready to run over packets of one link type, by libpcap and by every engine. */
interface Contest {
  readonly filter: string;
  readonly reference: LibpcapProgram;
  readonly contestants: readonly (readonly [Engine, PreparedProgram | Unable])[];
}

/**
 * Every packet of a folder of captures under every filter: each engine gives the verdict of libpcap's unoptimised
 * program, run in process. Packets beyond an engine are counted and told.
 */
export async function capturesAgainstLibpcap(run: EngineRun): Promise<ConformanceReport> {
  const contests = new Map<LinkType, readonly Contest[]>();
  const failures: string[] = [];
  const missed = new Map<string, number>();
  let compared = 0;
  const outcomes = new Uint16Array(batchCapacity);

  const compare = async (name: string, batch: PacketBatch, contest: Contest): Promise<void> => {
    const expected = Array.from({ length: batch.count }, (_, i) => {
      const { bytes, length } = packetOfBatch(batch, i);
      return contest.reference.run(bytes, length) !== 0;
    });
    for (const [engine, prepared] of contest.contestants) {
      if (!prepared.able) {
        missed.set(engine.name, (missed.get(engine.name) ?? 0) + batch.count);
        continue;
      }
      await prepared.run(batch, outcomes);
      for (let i = 0; i < batch.count; i++) {
        if (outcomes[i] === notExpressed) {
          missed.set(engine.name, (missed.get(engine.name) ?? 0) + 1);
          continue;
        }
        compared++;
        if ((outcomes[i] === matchOutcome) === expected[i]) continue;
        failures.push(`${name} packet ${batch.firstNumber + i} '${contest.filter}': ${engine.name} and libpcap differ`);
      }
    }
  };

  for (const name of readdirSync(run.folder).toSorted()) {
    await forEachBatch(join(run.folder, name), async (batch) => {
      if (typeof batch.linkType !== 'string') return;
      if (run.linkTypes !== undefined && !run.linkTypes.includes(batch.linkType)) return;
      let known = contests.get(batch.linkType);
      if (known === undefined) contests.set(batch.linkType, (known = prepare(run, batch.linkType)));
      for (const contest of known) await compare(name, batch, contest);
    });
  }
  for (const { reference, contestants } of [...contests.values()].flat()) {
    reference.free();
    for (const [, prepared] of contestants) if (prepared.able) prepared.close();
  }
  const notes = [...missed].map(([engine, packets]) => `${engine}: ${packets} packets are beyond it`);
  const names = run.engines.map((engine) => engine.name).join(', ');
  return { title: `captures against libpcap, ${run.filters.length} filters (${names})`, compared, failures, notes };
}

/** Filters that both accept; that both refuse the same ones is for the corpus to show. */
function prepare({ filters, engines, libpcap }: EngineRun, linkType: LinkType): readonly Contest[] {
  const names = systemNames();
  return filters.flatMap((filter): readonly Contest[] => {
    try {
      const graph = filterGraph(compileFilter({ name: 'filter', text: filter }, { linkType, names }));
      const reference = libpcap.compile(filter, linkType);
      const table = createOutcomeTable();
      const contestants = engines.map((engine) => [engine, engine.prepare({ graph, counters: 0 }, table)] as const);
      return [{ filter, reference, contestants }];
    } catch (error) {
      if (error instanceof DiagnosticError || error instanceof LibpcapError) return [];
      throw error;
    }
  });
}

async function forEachBatch(path: string, see: (batch: PacketBatch) => Promise<void>): Promise<void> {
  try {
    const capture = await openCapture(path);
    try {
      for await (const batch of capture.batches()) await see(batch);
    } finally {
      capture.close();
    }
  } catch (error) {
    // Broken captures end early, and some are none: what came before counts.
    if (!(error instanceof CaptureError)) throw error;
  }
}

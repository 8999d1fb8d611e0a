import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { linkTypes, type LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { compileFilter, filterGraph } from '../../src/pipeline.ts';
import type { Engine } from '../../src/replay/engine.ts';
import { createOutcomeTable, matchOutcome, notExpressed } from '../../src/replay/outcome.ts';
import { batchOf } from '../support/batch.ts';
import { LibpcapError, type Libpcap, type LibpcapProgram } from '../support/libpcap.ts';
import { samplePackets } from '../support/packets.ts';
import { seededRandom } from '../support/random.ts';
import { randomFilter } from '../support/random-filter.ts';
import { mutated } from './packet-variants.ts';
import type { ConformanceReport } from './report.ts';

export interface RandomRun {
  readonly libpcap: Libpcap;
  readonly engines: readonly Engine[];
  readonly seed: number;
  /** How many filters, over all link types. */
  readonly filters: number;
  readonly packetsPerFilter: number;
}

/**
 * Random filters over random packets: every engine gives the verdict of libpcap's unoptimised program; what libpcap
 * rejects is rejected. Most filters are for Ethernet, the others for the other link types in turn.
 */
export async function randomFilters(run: RandomRun): Promise<ConformanceReport> {
  const random = seededRandom(run.seed);
  const names = systemNames();
  const failures: string[] = [];
  let compared = 0;
  let rejected = 0;
  for (let i = 0; i < run.filters; i++) {
    const linkType: LinkType = i % 2 === 0 ? 'EN10MB' : (linkTypes[(i >> 1) % linkTypes.length]?.name ?? 'EN10MB');
    const text = randomFilter(random, linkType);
    const expected = programOf(run.libpcap, text, linkType);
    if (expected === undefined) {
      rejected++;
      continue;
    }
    const packets = randomPackets(linkType, run.packetsPerFilter, random);
    const wanted = packets.map((packet) => expected.run(packet.bytes, packet.length) !== 0);
    expected.free();
    try {
      const graph = filterGraph(compileFilter({ name: 'filter', text }, { linkType, names }));
      compared += await compareEngines(run.engines, `${linkType} '${text}'`, { graph, packets, wanted }, failures);
    } catch (error) {
      if (!(error instanceof DiagnosticError)) throw error;
      failures.push(`${linkType} '${text}': libpcap accepts it, pktf says: ${error.message}`);
    }
  }
  return {
    title: `random filters (${run.engines.map((engine) => engine.name).join(', ')}; seed ${run.seed}): ${run.filters} filters`,
    compared,
    failures,
    notes: [`${rejected} filters that libpcap rejects`],
  };
}

function programOf(libpcap: Libpcap, text: string, linkType: LinkType): LibpcapProgram | undefined {
  try {
    return libpcap.compile(text, linkType);
  } catch (error) {
    if (error instanceof LibpcapError) return undefined;
    throw error;
  }
}

/** Sample packets, most of them mutated, some cut off. */
function randomPackets(linkType: LinkType, count: number, random: () => number): readonly Packet[] {
  const samples = samplePackets(linkType);
  const chosen = Array.from({ length: count }, (): Packet => {
    const { bytes } = samples[Math.floor(random() * samples.length)] as (typeof samples)[number];
    const captured = random() < 0.3 ? Math.floor(random() * (bytes.length + 1)) : bytes.length;
    return { bytes: bytes.subarray(0, captured), length: bytes.length };
  });
  return chosen.map((packet) => (random() < 0.3 ? packet : (mutated([packet], 1, random)[0] ?? packet)));
}

interface Comparison {
  readonly graph: ReturnType<typeof filterGraph>;
  readonly packets: readonly Packet[];
  readonly wanted: readonly boolean[];
}

async function compareEngines(
  engines: readonly Engine[],
  filter: string,
  { graph, packets, wanted }: Comparison,
  failures: string[],
): Promise<number> {
  let compared = 0;
  for (const engine of engines) {
    const prepared = engine.prepare({ graph, counters: 0 }, createOutcomeTable());
    if (!prepared.able) {
      failures.push(`${filter}: ${engine.name} cannot: ${prepared.reason}`);
      continue;
    }
    const outcomes = new Uint16Array(packets.length);
    await prepared.run(batchOf(packets, graph.linkType), outcomes);
    prepared.close();
    compared += outcomes.filter((outcome) => outcome !== notExpressed).length;
    const wrong = packets.findIndex(
      (_, i) => outcomes[i] !== notExpressed && (outcomes[i] === matchOutcome) !== wanted[i],
    );
    if (wrong < 0) continue;
    const { bytes, length } = packets[wrong] as Packet;
    const hex = Buffer.from(bytes).toString('hex');
    failures.push(`${filter}: ${engine.name}: libpcap says ${String(wanted[wrong])} to ${hex} (of ${length} bytes)`);
  }
  return compared;
}

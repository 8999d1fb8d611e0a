import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import type { Names } from '../../src/compiler/names.ts';
import type { Graph } from '../../src/ir/graph.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { compileFilter, filterGraph } from '../../src/pipeline.ts';
import type { Engine } from '../../src/replay/engine.ts';
import { createOutcomeTable, matchOutcome, notExpressed } from '../../src/replay/outcome.ts';
import { batchOf } from '../support/batch.ts';
import { LibpcapError, type Libpcap, type LibpcapProgram } from '../support/libpcap.ts';
import { seededRandom } from '../support/random.ts';
import { parseListing } from '../support/tcpdump-listing.ts';
import { corpusFilters, corpusNames, corpusPackets, netmaskOf, testLines, type TestLine } from './corpus.ts';
import { cutOff, mutated, reframed } from './packet-variants.ts';
import type { ConformanceReport } from './report.ts';

export interface ExpressionRun {
  /** Folder with the corpus. */
  readonly corpus: string;
  readonly libpcap: Libpcap;
  readonly engines: readonly Engine[];
  /** Of the choice of expressions that meet cut-off and mutated packets too, and of the mutations. */
  readonly seed: number;
  /** Which part of the expressions meets cut-off and mutated packets: 1 for all. */
  readonly sample: number;
  /** Up to what length packets are cut off at every length. */
  readonly longestCut: number;
  readonly mutations: number;
  /** Engines in the kernel say of some expressions and link types that they cannot; those are counted, not failures. */
  readonly countUnable?: boolean;
}

/**
 * Every expression that libpcap's own tests accept, and those of the filter collection: on every engine, the verdict on
 * every packet is that of libpcap's unoptimised program.
 *
 * The program is that of the libpcap in this process. Where its development version means something else on purpose,
 * or where this libpcap has a bug or rejects the expression, it is the program that the corpus lists.
 */
export async function expressionsAgainstLibpcap(run: ExpressionRun): Promise<ConformanceReport> {
  const names = corpusNames(run.corpus);
  const random = seededRandom(run.seed);
  const failures: string[] = [];
  const skipped = new Map<string, number>();
  const variants = packetCache(run);
  let compared = 0;
  let expressions = 0;
  for (const line of expressionsOf(run.corpus)) {
    const expected = expectedProgram(run.libpcap, line);
    if (typeof expected === 'string') {
      skipped.set(expected, (skipped.get(expected) ?? 0) + 1);
      continue;
    }
    expressions++;
    const packets = random() < run.sample ? variants.all(line.dlt) : variants.whole(line.dlt);
    const graph = graphOf(line, names);
    if (typeof graph === 'string') failures.push(`${describe(line)}: libpcap accepts it, pktf says: ${graph}`);
    else {
      const unable = (engine: Engine, reason: string): void => {
        if (run.countUnable !== true) failures.push(`${describe(line)}: ${engine.name} cannot: ${reason}`);
        else skipped.set(`for ${engine.name}: ${reason}`, (skipped.get(`for ${engine.name}: ${reason}`) ?? 0) + 1);
      };
      compared += await compareEngines(run.engines, line, graph, expected, packets, failures, unable);
    }
    expected.free();
  }
  const engines = run.engines.map((engine) => engine.name).join(', ');
  return {
    title: `expressions against libpcap unoptimised (${engines}; seed ${run.seed}): ${expressions} expressions`,
    compared,
    failures,
    notes: [...skipped].map(([reason, count]) => `not compared: ${count} ${reason}`),
  };
}

type Expression = Pick<TestLine, 'dlt' | 'expr' | 'unopt' | 'netmask' | 'linuxext' | 'needs'>;

function expressionsOf(corpus: string): readonly Expression[] {
  const accepted = testLines(corpus).filter((line) => line.expect === 'accept');
  const collected = corpusFilters(corpus)
    .filter((filter) => filter.expect !== 'reject')
    .map((filter): Expression => ({ dlt: 'EN10MB', expr: filter.expr }));
  return [...accepted, ...collected];
}

function describe(line: Expression): string {
  return `${line.dlt} '${line.expr}'`;
}

/** Where the development version of libpcap wins over the released one: changed on purpose, or mended. */
const developmentWins = [/\bip multicast\b/, /\bbyte\b/, /\bgateway\b/, /\bvxlan\b/];

/** Expressions that the development version rejects, because they can never match; so does pktf. */
const rejectedByDevelopment: ReadonlySet<string> = new Set(['ether proto 1500']);

/** @returns the program that says what is right, or why there is none */
function expectedProgram(libpcap: Libpcap, line: Expression): LibpcapProgram | string {
  if (line.linuxext === true) return 'lines with live code';
  if (rejectedByDevelopment.has(line.expr)) return 'expressions that the development version rejects';
  const listed = line.unopt === undefined ? undefined : parseListing(line.unopt);
  const wins = line.needs !== undefined || developmentWins.some((pattern) => pattern.test(line.expr));
  if (wins)
    return listed === undefined
      ? 'expressions whose meaning changed, or with names, and that have no listing'
      : libpcap.load(listed);
  try {
    return libpcap.compile(line.expr, line.dlt, netmaskOf(line));
  } catch (error) {
    if (!(error instanceof LibpcapError)) throw error;
    return listed === undefined
      ? 'expressions that this libpcap rejects and that have no listing'
      : libpcap.load(listed);
  }
}

/** @returns the error where the expression does not compile */
function graphOf(line: Expression, names: Names): Graph | string {
  try {
    const options = { linkType: line.dlt, names, ...netmaskOf(line) };
    return filterGraph(compileFilter({ name: 'filter', text: line.expr }, options));
  } catch (error) {
    if (error instanceof DiagnosticError) return error.message;
    throw error;
  }
}

async function compareEngines(
  engines: readonly Engine[],
  line: Expression,
  graph: Graph,
  expected: LibpcapProgram,
  packets: readonly Packet[],
  failures: string[],
  unable: (engine: Engine, reason: string) => void,
): Promise<number> {
  const batch = batchOf(packets, line.dlt);
  const wanted = packets.map((packet) => expected.run(packet.bytes, packet.length) !== 0);
  let compared = 0;
  for (const engine of engines) {
    const prepared = engine.prepare({ graph, counters: 0 }, createOutcomeTable());
    if (!prepared.able) {
      unable(engine, prepared.reason);
      continue;
    }
    const outcomes = new Uint16Array(packets.length);
    await prepared.run(batch, outcomes);
    prepared.close();
    const wrong = packets.findIndex(
      (_, i) => outcomes[i] !== notExpressed && (outcomes[i] === matchOutcome) !== wanted[i],
    );
    if (wrong >= 0) {
      const { bytes, length } = packets[wrong] as Packet;
      const hex = Buffer.from(bytes).toString('hex');
      failures.push(
        `${describe(line)}: ${engine.name}: libpcap says ${String(wanted[wrong])} to ${hex} (of ${length} bytes)`,
      );
    }
    compared += outcomes.filter((outcome) => outcome !== notExpressed).length;
  }
  return compared;
}

interface PacketVariants {
  whole(linkType: LinkType): readonly Packet[];
  /** Whole, cut off and mutated. */
  all(linkType: LinkType): readonly Packet[];
}

function packetCache(run: ExpressionRun): PacketVariants {
  const packets = corpusPackets(run.corpus);
  const random = seededRandom(run.seed ^ 0x5eed);
  const whole = new Map<LinkType, readonly Packet[]>();
  const all = new Map<LinkType, readonly Packet[]>();
  const cached = (
    cache: Map<LinkType, readonly Packet[]>,
    linkType: LinkType,
    make: () => readonly Packet[],
  ): readonly Packet[] => {
    const made = cache.get(linkType) ?? make();
    cache.set(linkType, made);
    return made;
  };
  const wholeOf = (linkType: LinkType): readonly Packet[] => cached(whole, linkType, () => reframed(packets, linkType));
  return {
    whole: wholeOf,
    all: (linkType) =>
      cached(all, linkType, () => [
        ...wholeOf(linkType),
        ...cutOff(wholeOf(linkType), run.longestCut),
        ...mutated(wholeOf(linkType), run.mutations, random),
      ]),
  };
}

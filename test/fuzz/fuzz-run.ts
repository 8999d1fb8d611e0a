import { linkTypes, type LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { compareFilter, type Comparison, type FuzzFilter, type Oracles, type Results } from './compare-filter.ts';
import { constantsOf } from './constants-of-filter.ts';
import { createDice, seedOf } from './dice.ts';
import { match, notExpressed } from './engines.ts';
import { minimize } from './minimize.ts';
import { createPacketDice } from './packet-dice.ts';
import { randomFilter } from './random-filter.ts';
import { randomPackets } from './random-packet.ts';

export interface FuzzOptions extends Oracles {
  readonly seed: number;
  readonly packetsPerFilter: number;
  /** Asked after each filter. */
  readonly goesOn: (report: FuzzReport) => boolean;
  readonly onDisagreement: (text: string) => void;
}

export interface FuzzReport {
  filters: number;
  /** Filters that both sides reject. */
  rejected: number;
  /** Pairs of a filter and a packet with a verdict of libpcap's. */
  pairs: number;
  /** Pairs that libpcap cannot answer, compared with the graph as it was written. */
  pairsBeyondLibpcap: number;
  /** Those that match. */
  matches: number;
  disagreements: number;
  /** Filters that one side rejects for a known reason, by reason. */
  readonly known: Map<string, number>;
  readonly engines: Map<string, EngineReport>;
}

export interface EngineReport {
  verdicts: number;
  /** Packets that the engine cannot be asked about. */
  notExpressed: number;
  /** Filters that it cannot express, by reason. */
  readonly unable: Map<string, number>;
}

/**
 * Random filters over random packets: every engine gives the verdict of libpcap's unoptimised program. Filter number n
 * of a seed is always the same, whatever came before it.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const report: FuzzReport = {
    filters: 0,
    rejected: 0,
    pairs: 0,
    pairsBeyondLibpcap: 0,
    matches: 0,
    disagreements: 0,
    known: new Map(),
    engines: new Map(
      options.engines.map(({ name }) => [name, { verdicts: 0, notExpressed: 0, unable: new Map<string, number>() }]),
    ),
  };
  do {
    const dice = createDice(seedOf(options.seed, report.filters));
    const linkType = randomLinkType(dice.below(2 * linkTypes.length));
    const filter: FuzzFilter = { text: randomFilter(dice, linkType), linkType };
    let packets: readonly Packet[] = [];
    const comparison = await compareFilter(options, filter, () => {
      const packetDice = createPacketDice(dice, constantsOf(filter.text));
      return (packets = randomPackets(packetDice, linkType, options.packetsPerFilter));
    });
    report.filters++;
    await account(options, report, filter, packets, comparison);
  } while (options.goesOn(report));
  return report;
}

/** Half of the filters are for Ethernet. */
function randomLinkType(number: number): LinkType {
  return linkTypes[number]?.name ?? 'EN10MB';
}

async function account(
  options: FuzzOptions,
  report: FuzzReport,
  filter: FuzzFilter,
  packets: readonly Packet[],
  comparison: Comparison,
): Promise<void> {
  switch (comparison.kind) {
    case 'rejected':
      report.rejected++;
      return;
    case 'known':
      increase(report.known, comparison.reason);
      return;
    case 'wrong':
      report.disagreements++;
      options.onDisagreement(`${filter.linkType} '${filter.text}'\n  ${comparison.words}\n  ${replayCommand(filter)}`);
      return;
    case 'compared':
      addResults(report, comparison.results);
      for (const at of comparison.results.disagreements.slice(0, 1)) {
        options.onDisagreement(await describe(options, filter, packets[at] as Packet));
      }
  }
}

function addResults(report: FuzzReport, { reference, wanted, verdicts, disagreements }: Results): void {
  const answered = wanted.filter((isMatch) => isMatch !== undefined).length;
  if (reference === 'libpcap') report.pairs += answered;
  else report.pairsBeyondLibpcap += answered;
  report.matches += wanted.filter((isMatch) => isMatch === true).length;
  report.disagreements += disagreements.length;
  for (const [name, given] of verdicts) {
    const engine = report.engines.get(name) as EngineReport;
    if (typeof given === 'string') {
      increase(engine.unable, given);
      continue;
    }
    const unasked = given.filter((outcome) => outcome === notExpressed).length;
    engine.notExpressed += unasked;
    engine.verdicts += given.length - unasked;
  }
}

function increase(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

async function describe(options: FuzzOptions, filter: FuzzFilter, packet: Packet): Promise<string> {
  const smallest = await minimize({ text: filter.text, packet }, async (smaller) => {
    const comparison = await compareFilter(options, { ...filter, text: smaller.text }, () => [smaller.packet]);
    return comparison.kind === 'compared' && comparison.results.disagreements.length > 0;
  });
  const smaller = { ...filter, text: smallest.text };
  const comparison = await compareFilter(options, smaller, () => [smallest.packet]);
  const lines = comparison.kind === 'compared' ? verdictLines(comparison.results, 0) : [];
  return [
    `${filter.linkType} '${filter.text}'`,
    `minimised: '${smallest.text}'`,
    `packet: ${hexOf(smallest.packet)}, ${smallest.packet.bytes.length} bytes of ${smallest.packet.length}`,
    ...lines,
    replayCommand(smaller, smallest.packet),
  ].join('\n  ');
}

/** What each says about a packet. */
export function verdictLines({ wanted, verdicts }: Results, at: number): readonly string[] {
  const isMatch = wanted[at];
  const own = isMatch === undefined ? 'goes on for longer than pktf follows' : isMatch ? 'match' : 'no match';
  const others = [...verdicts].map(([name, given]) => {
    if (typeof given === 'string') return `${name}: cannot: ${given}`;
    if (given[at] === notExpressed) return `${name}: cannot be asked about this packet`;
    return `${name}: ${given[at] === match ? 'match' : 'no match'}`;
  });
  return [`reference: ${own}`, ...others];
}

function replayCommand({ text, linkType }: FuzzFilter, packet?: Packet): string {
  const command = `npm run fuzz -- --link-type ${linkType} --filter '${text}'`;
  return packet === undefined ? command : `${command} --packet ${hexOf(packet)} --length ${packet.length}`;
}

function hexOf({ bytes }: Packet): string {
  return Buffer.from(bytes).toString('hex');
}

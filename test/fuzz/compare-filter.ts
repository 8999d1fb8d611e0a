import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { compileFilter, filterGraph, hookGraph, policyOfFilter, unchanged } from '../../src/pipeline.ts';
import { batchOf } from '../support/batch.ts';
import type { Libpcap } from '../support/libpcap.ts';
import { match, noMatch, notExpressed, type FilterGraphs, type FuzzEngine } from './engines.ts';
import { fixedNames } from './fixed-names.ts';
import { rejectedByLibpcapOnly, rejectedByPktfOnly } from './known-differences.ts';
import { evaluatorReference, isBeyondLibpcap, libpcapReference, netmask, type Reference } from './reference.ts';

export interface Oracles {
  readonly libpcap: Libpcap;
  readonly engines: readonly FuzzEngine[];
}

export interface FuzzFilter {
  readonly text: string;
  readonly linkType: LinkType;
}

/** What became of one filter. */
export type Comparison =
  | { readonly kind: 'rejected' }
  /** Accepted by one side only, for a reason that is known. */
  | { readonly kind: 'known'; readonly reason: string }
  /** Accepted by one side only, or something was thrown that is no diagnostic. */
  | { readonly kind: 'wrong'; readonly words: string }
  | { readonly kind: 'compared'; readonly results: Results };

export interface Results {
  /** Who said what is right. */
  readonly reference: Reference['name'];
  /** By packet; undefined where the reference has no verdict. */
  readonly wanted: readonly (boolean | undefined)[];
  /** By engine: its verdicts by packet, or why it has none. */
  readonly verdicts: ReadonlyMap<string, Uint16Array | string>;
  /** The packets about which not all agree. */
  readonly disagreements: readonly number[];
}

const names = fixedNames();

/** Runs a filter everywhere, over packets that are made only if both sides accept it. */
export async function compareFilter(
  { libpcap, engines }: Oracles,
  filter: FuzzFilter,
  packetsFor: () => readonly Packet[],
): Promise<Comparison> {
  let reference: Reference | string = '';
  try {
    const graphs = graphsOf(filter);
    reference = referenceFor(libpcap, filter, graphs);
    if (typeof graphs === 'string') return acceptedByLibpcap(filter, graphs, reference);
    if (typeof reference === 'string') return acceptedByPktf(filter, reference);
    return { kind: 'compared', results: await run(engines, graphs, reference, packetsFor()) };
  } catch (error) {
    // The verifier's refusal, say, or that of an interpreter that is as strict.
    return { kind: 'wrong', words: String((error as Error).stack) };
  } finally {
    if (typeof reference !== 'string') reference.close();
  }
}

/** @returns our words where we reject it */
function graphsOf({ text, linkType }: FuzzFilter): FilterGraphs | string {
  try {
    const filter = compileFilter({ name: 'filter', text }, { linkType, names, netmask });
    return {
      written: filterGraph(filter, unchanged),
      optimized: filterGraph(filter),
      attached: hookGraph(policyOfFilter(filter, 'drop'), { hook: 'xdp', counters: true }),
    };
  } catch (error) {
    if (error instanceof DiagnosticError) return error.message;
    throw error;
  }
}

/** Where libpcap cannot say what is right, all engines must agree with the graph as it was written. */
function referenceFor(
  libpcap: Libpcap,
  { text, linkType }: FuzzFilter,
  graphs: FilterGraphs | string,
): Reference | string {
  if (!isBeyondLibpcap(text)) return libpcapReference(libpcap, text, linkType);
  return typeof graphs === 'string' ? graphs : evaluatorReference(graphs);
}

function acceptedByLibpcap({ text }: FuzzFilter, words: string, reference: Reference | string): Comparison {
  if (typeof reference === 'string') return { kind: 'rejected' };
  const known = rejectedByPktfOnly.find(({ isThis }) => isThis(words, text));
  return known === undefined
    ? { kind: 'wrong', words: `libpcap accepts it, pktf says: ${words}` }
    : { kind: 'known', reason: known.reason };
}

function acceptedByPktf({ text }: FuzzFilter, words: string): Comparison {
  const known = rejectedByLibpcapOnly.find(({ isThis }) => isThis(words, text));
  return known === undefined
    ? { kind: 'wrong', words: `pktf accepts it, libpcap says: ${words}` }
    : { kind: 'known', reason: known.reason };
}

async function run(
  engines: readonly FuzzEngine[],
  graphs: FilterGraphs,
  reference: Reference,
  packets: readonly Packet[],
): Promise<Results> {
  const prepared = { each: packets, batch: batchOf(packets, graphs.written.linkType) };
  const wanted = packets.map((packet) => reference.matches(packet));
  const verdicts = new Map<string, Uint16Array | string>();
  const disagreements = new Set<number>();
  for (const engine of engines) {
    const given = await engine.run(graphs, prepared);
    verdicts.set(engine.name, given);
    if (typeof given === 'string') continue;
    wanted.forEach((isMatch, i) => {
      if (isMatch === undefined || given[i] === notExpressed) return;
      if (given[i] !== (isMatch ? match : noMatch)) disagreements.add(i);
    });
  }
  return { reference: reference.name, wanted, verdicts, disagreements: [...disagreements].sort((a, b) => a - b) };
}

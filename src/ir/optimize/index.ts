import type { Graph, Node } from '../graph.ts';
import { decideByValue } from './decide-by-value.ts';
import { mergeTests } from './merge-tests.ts';
import { reduceArithmetic } from './reduce-arithmetic.ts';
import { shareNodes } from './share-nodes.ts';
import { threadKnownTests } from './thread-known-tests.ts';

/**
 * A pass makes a graph with the same outcome for every packet, failing loads included. Each stands in a file of its
 * own, with a property test that says so.
 */
export interface Pass {
  readonly name: string;
  readonly run: (entry: Node) => Node;
}

const reduce: Pass = { name: 'reduce arithmetic', run: reduceArithmetic };
const merge: Pass = { name: 'merge tests', run: mergeTests };
const share: Pass = { name: 'share nodes', run: shareNodes };
const thread: Pass = { name: 'thread known tests', run: threadKnownTests };

const decide: Pass = { name: 'decide by value', run: (entry) => decideByValue(entry, false) };

/**
 * In the order in which they run. Threading comes first: it makes graphs smaller cheaply.
 */
export const passes: readonly Pass[] = [reduce, share, thread, decide, merge, share];

const decideRelaxed: Pass = { name: 'decide by value, relaxed', run: (entry) => decideByValue(entry, true) };

/**
 * For `--relaxed`: loads that would fail into no match may be left out or tried earlier or later, as libpcap's optimiser
 * does, as far as they ask for headers: a packet that was captured as a whole has the same outcome.
 */
export const relaxedPasses: readonly Pass[] = [reduce, share, thread, decideRelaxed, merge, share];

export function optimize(graph: Graph): Graph {
  return { ...graph, entry: passes.reduce((entry, pass) => pass.run(entry), graph.entry) };
}

export function optimizeRelaxed(graph: Graph): Graph {
  return { ...graph, entry: relaxedPasses.reduce((entry, pass) => pass.run(entry), graph.entry) };
}

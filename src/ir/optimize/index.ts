import type { Graph, Node } from '../graph.ts';
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

const share: Pass = { name: 'share nodes', run: shareNodes };
const thread: Pass = { name: 'thread known tests', run: threadKnownTests };

/** In the order in which they run. Sharing comes again last: threading makes nodes alike that were not. */
export const passes: readonly Pass[] = [share, thread, share];

export function optimize(graph: Graph): Graph {
  return { ...graph, entry: passes.reduce((entry, pass) => pass.run(entry), graph.entry) };
}

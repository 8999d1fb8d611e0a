import { topologicalOrder, type Node } from '../graph.ts';
import { answerOf, common, forgetVariable, learn, noFacts, type Facts } from './facts.ts';

/**
 * Jump threading: an edge that leads to a test whose answer is known on that edge leads to what comes behind it
 * instead. One walk from the entry collects what holds at each node; by the time a node is reached, all edges into
 * it are known.
 */
export function threadKnownTests(entry: Node): Node {
  const order = topologicalOrder(entry);
  const factsAt = new Map<Node, Facts>([[entry, noFacts]]);
  const targets = new Map<Node, readonly Node[]>();
  for (const node of order) {
    const facts = factsAt.get(node);
    if (facts === undefined) continue;
    const edges = edgesOf(node, facts).map(([successor, known]) => [follow(successor, known), known] as const);
    for (const [target, known] of edges) {
      const before = factsAt.get(target);
      factsAt.set(target, before === undefined ? known : common(before, known));
    }
    targets.set(
      node,
      edges.map(([target]) => target),
    );
  }
  return redirect(entry, order, targets);
}

/** The successors of a node, each with what is known on the way there. */
function edgesOf(node: Node, facts: Facts): readonly (readonly [successor: Node, known: Facts])[] {
  switch (node.kind) {
    case 'test':
      return [
        [node.whenTrue, learn(facts, node.test, true)],
        [node.whenFalse, learn(facts, node.test, false)],
        [node.whenFailing, facts],
      ];
    case 'assign':
      return [
        [node.next, forgetVariable(facts, node.index)],
        [node.whenFailing, facts],
      ];
    case 'count':
      return [[node.next, facts]];
    case 'exit':
      return [];
  }
}

function follow(node: Node, facts: Facts): Node {
  while (node.kind === 'test') {
    const answer = answerOf(node.test, facts);
    if (answer === undefined) break;
    node = answer ? node.whenTrue : node.whenFalse;
  }
  return node;
}

function redirect(entry: Node, order: readonly Node[], targets: ReadonlyMap<Node, readonly Node[]>): Node {
  const replaced = new Map<Node, Node>();
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as Node;
    const successors = targets.get(node)?.map((target) => replaced.get(target) as Node);
    if (successors !== undefined) replaced.set(node, withTargets(node, successors));
  }
  return replaced.get(entry) as Node;
}

function withTargets(node: Node, successors: readonly Node[]): Node {
  const [first, second, third] = successors as readonly [Node, Node, Node];
  switch (node.kind) {
    case 'test':
      return { ...node, whenTrue: first, whenFalse: second, whenFailing: third };
    case 'assign':
      return { ...node, next: first, whenFailing: second };
    case 'count':
      return { ...node, next: first };
    case 'exit':
      return node;
  }
}

import { rebuild, type Node } from '../graph.ts';
import { decide, testKey, valuesOf, type Test } from '../test.ts';
import { canFail, valueKey } from '../value.ts';
import { verdictKey } from '../verdict.ts';

/**
 * Hash-consing from the exits upwards: nodes that ask the same and go on to the same become one, a test whose answer
 * does not matter or is constant goes away.
 */
export function shareNodes(entry: Node): Node {
  const identities = new Map<Node, number>();
  const nodes = new Map<string, Node>();
  const identity = (node: Node): number => identities.get(node) as number;

  const share = (node: Node): Node => {
    const key = keyOf(node, identity);
    const known = nodes.get(key);
    if (known !== undefined) return known;
    nodes.set(key, node);
    identities.set(node, identities.size);
    return node;
  };
  return rebuild(entry, (node) => {
    const shortened = withoutNeedlessTest(node);
    return shortened === node ? share(node) : shortened;
  });
}

function withoutNeedlessTest(node: Node): Node {
  if (node.kind !== 'test') return node;
  const answer = constantAnswer(node.test);
  if (answer !== undefined) return answer ? node.whenTrue : node.whenFalse;
  if (node.whenTrue !== node.whenFalse) return node;
  const cannotFail = !valuesOf(node.test).some(canFail);
  return cannotFail || node.whenFailing === node.whenTrue ? node.whenTrue : node;
}

function constantAnswer(test: Test): boolean | undefined {
  const [first, second] = valuesOf(test);
  if (first?.kind !== 'constant' || second?.kind !== 'constant') return undefined;
  return decide(test, first.value, second.value, 0);
}

function keyOf(node: Node, identity: (node: Node) => number): string {
  switch (node.kind) {
    case 'test': {
      const edges = [node.whenTrue, node.whenFalse, node.whenFailing].map(identity).join(' ');
      return `test ${testKey(node.test)} ${edges}`;
    }
    case 'assign':
      return `assign ${node.index} ${valueKey(node.value)} ${identity(node.next)} ${identity(node.whenFailing)}`;
    case 'count':
      return `count ${node.counter} ${identity(node.next)}`;
    case 'exit':
      return `exit ${verdictKey(node.verdict)}`;
  }
}

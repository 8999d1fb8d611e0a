import type { Node } from '../../ir/graph.ts';

/**
 * The order in which nodes are laid out, the exits aside: each before its successors, and behind each the successor that it can fall
 * into, wherever the graph allows. Iterative, for graphs are as deep as lists are long.
 */
export function layoutOrder(
  entry: Node,
  continuations: (node: Node) => readonly Node[],
): readonly Exclude<Node, { kind: 'exit' }>[] {
  const started = new Set<Node>();
  const finished = new Set<Node>();
  const postorder: Node[] = [];
  const stack: Node[] = [entry];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (!started.has(node)) {
      started.add(node);
      // What is finished last stands next, and what lies deepest in the stack is finished last.
      for (const successor of fallThroughFirst(node, continuations(node))) {
        if (!started.has(successor)) stack.push(successor);
      }
      continue;
    }
    stack.pop();
    if (finished.has(node)) continue;
    finished.add(node);
    postorder.push(node);
  }
  return postorder.reverse().filter((node) => node.kind !== 'exit');
}

/** A bit test can only jump when it holds, and an end costs no more when it is jumped to. */
function fallThroughFirst(node: Node, successors: readonly Node[]): readonly Node[] {
  if (node.kind !== 'test' || successors.length < 2) return successors;
  const [whenTrue, whenFalse, ...failing] = successors as readonly [Node, Node, ...Node[]];
  if (node.test.kind === 'present') return successors;
  const falseFirst = node.test.kind === 'any-bit' || (whenTrue.kind === 'exit' && whenFalse.kind !== 'exit');
  return falseFirst ? [whenFalse, whenTrue, ...failing] : successors;
}

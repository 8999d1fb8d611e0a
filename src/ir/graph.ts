import type { LinkType } from './link-type.ts';
import type { Predicate } from './predicate.ts';
import type { Span } from './span.ts';
import type { Test } from './test.ts';
import type { Value } from './value.ts';
import type { Verdict } from './verdict.ts';

/**
 * The typed graph between the language and every back end: acyclic, its nodes immutable and pointing at their
 * successors. A test that is false and a test that fails (a load outside the packet) leave by different edges; in a
 * bare filter the failing edge ends in `no-match`, in a policy it goes on to the next rule.
 */
export type Node = TestNode | AssignNode | CountNode | ExitNode;

export interface TestNode {
  readonly kind: 'test';
  readonly test: Test;
  readonly whenTrue: Node;
  readonly whenFalse: Node;
  readonly whenFailing: Node;
  readonly span?: Span;
}

/** Keeps a value for later nodes, so that it is computed once. */
export interface AssignNode {
  readonly kind: 'assign';
  readonly index: number;
  readonly value: Value;
  readonly next: Node;
  readonly whenFailing: Node;
  readonly span?: Span;
}

/** Adds this packet (and its length) to a counter. */
export interface CountNode {
  readonly kind: 'count';
  readonly counter: number;
  readonly next: Node;
  readonly span?: Span;
}

export interface ExitNode {
  readonly kind: 'exit';
  readonly verdict: Verdict;
  readonly span?: Span;
}

export interface Graph {
  readonly linkType: LinkType;
  readonly entry: Node;
}

export function exit(verdict: Verdict, span?: Span): ExitNode {
  return span === undefined ? { kind: 'exit', verdict } : { kind: 'exit', verdict, span };
}

export function count(counter: number, next: Node, span?: Span): CountNode {
  return span === undefined ? { kind: 'count', counter, next } : { kind: 'count', counter, next, span };
}

/** The nodes that a node may be left for. */
export function successorsOf(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'test':
      return [node.whenTrue, node.whenFalse, node.whenFailing];
    case 'assign':
      return [node.next, node.whenFailing];
    case 'count':
      return [node.next];
    case 'exit':
      return [];
  }
}

/**
 * All nodes, each before its successors, the true side of a test as near behind it as the order allows. Iterative,
 * because a list of ten thousand hosts is a graph ten thousand deep.
 */
export function topologicalOrder(entry: Node): readonly Node[] {
  const finished = new Set<Node>();
  const started = new Set<Node>();
  const postorder: Node[] = [];
  const stack: Node[] = [entry];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (started.has(node)) {
      stack.pop();
      if (!finished.has(node)) {
        finished.add(node);
        postorder.push(node);
      }
      continue;
    }
    started.add(node);
    // Visited last means placed first: whenTrue is pushed first, so it is finished last and stands next to its test.
    for (const successor of successorsOf(node)) if (!started.has(successor)) stack.push(successor);
  }
  return postorder.reverse();
}

/**
 * Rebuilds a graph from its exits upwards. `change` gets each node with its successors already replaced and gives the
 * node to stand for it; what becomes unreachable is gone by itself. The second argument is the node as it was.
 */
export function rebuild(entry: Node, change: (node: Node, original: Node) => Node): Node {
  const replaced = new Map<Node, Node>();
  const order = topologicalOrder(entry);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i] as Node;
    const changed = withSuccessors(node, (successor) => replaced.get(successor) as Node);
    replaced.set(node, change(changed, node));
  }
  return replaced.get(entry) as Node;
}

function withSuccessors(node: Node, replacement: (node: Node) => Node): Node {
  switch (node.kind) {
    case 'test': {
      const whenTrue = replacement(node.whenTrue);
      const whenFalse = replacement(node.whenFalse);
      const whenFailing = replacement(node.whenFailing);
      const same = whenTrue === node.whenTrue && whenFalse === node.whenFalse && whenFailing === node.whenFailing;
      return same ? node : { ...node, whenTrue, whenFalse, whenFailing };
    }
    case 'assign': {
      const next = replacement(node.next);
      const whenFailing = replacement(node.whenFailing);
      return next === node.next && whenFailing === node.whenFailing ? node : { ...node, next, whenFailing };
    }
    case 'count': {
      const next = replacement(node.next);
      return next === node.next ? node : { ...node, next };
    }
    case 'exit':
      return node;
  }
}

/**
 * The graph of a predicate: where to go when it holds, when it does not, and when a test fails.
 *
 * Built from the last operand to the first, each time with the successors that the operands behind it already gave.
 * The first operand continues the loop instead of recursing: the parser nests `a or b and c …` to the left, as deep as
 * the text is long, while nesting on the other side needs parentheses, whose depth the parser limits.
 */
export function graphOf(predicate: Predicate, whenTrue: Node, whenFalse: Node, whenFailing: Node): Node {
  for (;;) {
    switch (predicate.kind) {
      case 'constant':
        return predicate.value ? whenTrue : whenFalse;
      case 'test': {
        const node: TestNode = { kind: 'test', test: predicate.test, whenTrue, whenFalse, whenFailing };
        return predicate.span === undefined ? node : { ...node, span: predicate.span };
      }
      case 'assign': {
        const { index, value, span } = predicate;
        const node: AssignNode = { kind: 'assign', index, value, next: whenTrue, whenFailing };
        return span === undefined ? node : { ...node, span };
      }
      case 'not':
        [whenTrue, whenFalse] = [whenFalse, whenTrue];
        predicate = predicate.operand;
        break;
      case 'and':
      case 'or': {
        const { kind, operands } = predicate;
        for (let i = operands.length - 1; i > 0; i--) {
          const node = graphOf(operands[i] as Predicate, whenTrue, whenFalse, whenFailing);
          if (kind === 'and') whenTrue = node;
          else whenFalse = node;
        }
        predicate = operands[0] as Predicate;
      }
    }
  }
}

import { successorsOf, type Node, type TestNode } from '../../graph.ts';
import type { Interner } from './interner.ts';
import { combine, complement, mapTargets, prepend, rest, type Partition } from './partition.ts';
import type { Question } from './question.ts';

/**
 * What a graph comes to for each number that a value may be, once it could be computed: tests of that value are gone,
 * all others stand in the order in which they stood.
 * @returns undefined where that would take too many nodes, or more than the budget
 */
export function splitByValue(
  interner: Interner,
  entry: Node,
  question: Question,
  budget: Budget,
): Partition | undefined {
  const order = inOrderOfNeed(interner, entry, question);
  budget.nodes -= order.length;
  const most = interner.size() + budget.growth * (order.length + 32);
  const split = new Map<Node, Partition>();
  const of = (node: Node): Partition => split.get(node) ?? rest(node);
  for (const node of order) {
    split.set(node, splitNode(interner, node, question, of));
    if (interner.size() > most || budget.nodes < 0) return undefined;
  }
  return of(entry);
}

/** How many nodes may still be looked at, all splits together, and how many made for each that one split looks at. */
export interface Budget {
  nodes: number;
  readonly growth: number;
}

/** The nodes that matter, each behind its successors. */
function inOrderOfNeed(interner: Interner, entry: Node, { key, variables }: Question): readonly Node[] {
  const seen = new Set<Node>();
  const finished = new Set<Node>();
  const order: Node[] = [];
  const stack: Node[] = [entry];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (seen.has(node)) {
      stack.pop();
      if (!finished.has(node)) order.push(node);
      finished.add(node);
      continue;
    }
    seen.add(node);
    if (node.kind === 'assign' && variables.includes(node.index)) continue;
    for (const next of successorsOf(node)) if (!seen.has(next) && interner.mayAsk(next, key)) stack.push(next);
  }
  return order;
}

function splitNode(interner: Interner, node: Node, asked: Question, of: (node: Node) => Partition): Partition {
  switch (node.kind) {
    case 'exit':
      return rest(node);
    case 'count':
      return mapTargets(of(node.next), (next) => interner.count({ ...node, next }));
    case 'assign': {
      if (asked.variables.includes(node.index)) return rest(node);
      const join = ([next, whenFailing]: readonly Node[]): Node =>
        interner.assign({ ...node, next: next as Node, whenFailing: whenFailing as Node });
      return together([of(node.next), of(node.whenFailing)], join);
    }
    case 'test': {
      const question = interner.question(node);
      if (question.key === asked.key) return splitTest(node, question, of);
      const join = ([whenTrue, whenFalse, whenFailing]: readonly Node[]): Node =>
        interner.test({
          ...node,
          whenTrue: whenTrue as Node,
          whenFalse: whenFalse as Node,
          whenFailing: whenFailing as Node,
        });
      return together([of(node.whenTrue), of(node.whenFalse), of(node.whenFailing)], join);
    }
  }
}

function splitTest({ whenTrue, whenFalse }: TestNode, question: Question, of: (node: Node) => Partition): Partition {
  const [yes, no] = [of(whenTrue), of(whenFalse)];
  if (whenTrue === whenFalse) return yes;
  if (yes.kind === 'rest') return prepend(question.members, yes.target, no);
  if (no.kind === 'rest') return prepend(complement(question.members), no.target, yes);
  const inside = prepend(question.members, trueMark, rest(falseMark));
  return combine([inside, yes, no], ([mark, first, second]) => (mark === trueMark ? first : second) as Node);
}

const [trueMark, falseMark] = [true, false].map((): Node => ({ kind: 'exit', verdict: { kind: 'match' } })) as [
  Node,
  Node,
];

function together(partitions: readonly Partition[], join: (targets: readonly Node[]) => Node): Partition {
  const [varying, ...others] = new Set(partitions.filter(({ kind }) => kind !== 'rest'));
  if (varying === undefined) return rest(join(partitions.map(({ target }) => target)));
  if (others.length > 0) return combine(partitions, join);
  return mapTargets(varying, (target) =>
    join(partitions.map((partition) => (partition === varying ? target : partition.target))),
  );
}

import {
  count,
  successorsOf,
  topologicalOrder,
  type AssignNode,
  type CountNode,
  type Node,
  type TestNode,
} from '../../graph.ts';
import { equal, testKey, valuesOf } from '../../test.ts';
import { canFail, operandsOf, valueKey, type Value } from '../../value.ts';
import { verdictKey } from '../../verdict.ts';
import { questionOf, type Question } from './question.ts';

/**
 * Makes nodes so that equal ones are the same object, and knows of each which values are asked for behind it.
 *
 * `relaxed` lets a test go whose answer does not matter although a load in it may fail into no match.
 */
export interface Interner {
  readonly test: (node: TestNode) => Node;
  readonly assign: (node: AssignNode) => Node;
  readonly count: (node: CountNode) => Node;
  /** The whole graph, equal nodes made one. */
  readonly graph: (entry: Node) => Node;
  /** What a test asks; the same object for every test with the same words. */
  readonly question: (node: TestNode) => Question;
  /** Whether a test behind (or at) the node may ask for the value with this key. Wrong on the safe side. */
  readonly mayAsk: (node: Node, key: string) => boolean;
  /** How many different nodes there are so far. */
  readonly size: () => number;
}

/** Values are told apart by as many bits; more values share bits, which costs time and nothing else. */
const bits = 128;

export function newInterner(relaxed: boolean): Interner {
  const nodes = new Map<string, Node>();
  const identities = new Map<Node, number>();
  const below = new Map<Node, bigint>();
  const bitsOfKeys = new Map<string, bigint>();
  const bitsOfVariables = new Map<number, bigint>();
  const questions = new WeakMap<object, Question>();

  const question = ({ test }: TestNode): Question => {
    const known = questions.get(test);
    if (known !== undefined) return known;
    const made = questionOf(test);
    questions.set(test, made);
    return made;
  };
  const bitOf = (key: string, variables: readonly number[] = []): bigint => {
    const known = bitsOfKeys.get(key);
    if (known !== undefined) return known;
    const bit = 1n << BigInt(bitsOfKeys.size % bits);
    bitsOfKeys.set(key, bit);
    for (const index of variables) {
      bitsOfVariables.set(index, (bitsOfVariables.get(index) ?? 0n) | bit);
    }
    return bit;
  };
  const identity = (node: Node): number => {
    const known = identities.get(node);
    if (known !== undefined) return known;
    identities.set(node, identities.size);
    return identities.size - 1;
  };
  const intern = (key: string, node: Node, own: bigint, forgotten: bigint): Node => {
    const known = nodes.get(key);
    if (known !== undefined) return known;
    nodes.set(key, node);
    const behind = successorsOf(node).reduce((sum, successor) => sum | (below.get(successor) ?? 0n), 0n);
    below.set(node, (behind & ~forgotten) | own);
    return node;
  };
  const edges = (node: Node): string => successorsOf(node).map(identity).join(' ');

  /** Only asks whether the value can be had: the same test for all that ask this. */
  const check = (node: TestNode, asked: Question): Node => {
    const { value } = asked;
    const side = asked.answer === false ? node.whenFalse : node.whenTrue;
    const next = withoutCheck(side, asked, question);
    const checking: TestNode = { ...node, whenTrue: next, whenFalse: next };
    const test = value === undefined ? node.test : equal(value, 0);
    if (next === node.whenFailing || failsAnyway(checking, next)) return next;
    const key = `check ${testKey(test)} ${edges(checking)}`;
    return intern(key, { ...checking, test }, bitOf(asked.key, asked.variables), 0n);
  };

  const interner: Interner = {
    question,
    size: () => nodes.size,
    mayAsk: (node, key) => ((below.get(node) ?? 0n) & bitOf(key)) !== 0n,
    test(node) {
      const asked = question(node);
      const short = withoutNeedlessTest(node, asked, question, relaxed);
      if (short === undefined) {
        return intern(`${asked.testKey} ${edges(node)}`, node, bitOf(asked.key, asked.variables), 0n);
      }
      return short === 'check' ? check(node, asked) : short;
    },
    assign(node) {
      const key = `assign ${node.index} ${valueKey(node.value)} ${edges(node)}`;
      return intern(key, node, 0n, bitsOfVariables.get(node.index) ?? 0n);
    },
    count: (node) => intern(`count ${node.counter} ${edges(node)}`, node, 0n, 0n),
    graph(entry) {
      const made = new Map<Node, Node>();
      const at = (node: Node): Node => made.get(node) as Node;
      for (const node of topologicalOrder(entry).toReversed()) made.set(node, again(interner, node, at, intern));
      return at(entry);
    },
  };
  return interner;
}

function again(
  interner: Interner,
  node: Node,
  at: (node: Node) => Node,
  intern: (key: string, node: Node, own: bigint, forgotten: bigint) => Node,
): Node {
  switch (node.kind) {
    case 'test': {
      const [whenTrue, whenFalse] = [at(node.whenTrue), at(node.whenFalse)];
      return interner.test({ ...node, whenTrue, whenFalse, whenFailing: at(node.whenFailing) });
    }
    case 'assign':
      return interner.assign({ ...node, next: at(node.next), whenFailing: at(node.whenFailing) });
    case 'count':
      return interner.count(count(node.counter, at(node.next), node.span));
    case 'exit':
      return intern(`exit ${verdictKey(node.verdict)}`, node, 0n, 0n);
  }
}

/** What stands for a test whose answer is known or does not matter; `check` if it still may fail; else undefined. */
function withoutNeedlessTest(
  node: TestNode,
  asked: Question,
  question: (node: TestNode) => Question,
  relaxed: boolean,
): Node | 'check' | undefined {
  const { whenFailing } = node;
  const fails = valuesOf(node.test).some(canFail);
  if (!fails && asked.answer !== undefined) return asked.answer ? node.whenTrue : node.whenFalse;
  const whenTrue = asked.answer === false ? node.whenFalse : withoutCheck(node.whenTrue, asked, question);
  const whenFalse = asked.answer === true ? node.whenTrue : withoutCheck(node.whenFalse, asked, question);
  if (whenTrue !== whenFalse) return undefined;
  if (!fails || whenTrue === whenFailing) return whenTrue;
  const mayGo = relaxed && isNoMatch(whenFailing) && valuesOf(node.test).every(isWithinHeaders);
  return mayGo ? whenTrue : 'check';
}

/** A test of which only matters whether its value can be had, behind a test that had it. */
function withoutCheck(node: Node, asked: Question, question: (node: TestNode) => Question): Node {
  if (node.kind !== 'test' || node.whenTrue !== node.whenFalse) return node;
  return question(node).key === asked.key ? node.whenTrue : node;
}

/** Headers with two tags end here at a fixed offset (the ports behind IPv6), or so far behind an IPv4 header's length (TCP's). */
const endOfHeaders = 66;
const endBehindHeader = 42;

/** Whether a packet that was captured as a whole has what a value loads: headers, but not any payload. */
function isWithinHeaders(value: Value): boolean {
  if (value.kind === 'load') {
    const { offset, size } = value;
    if (offset.kind === 'constant') return offset.value + size <= endOfHeaders;
    return distanceOf(offset) + size <= endBehindHeader && operandsOf(offset).every(isWithinHeaders);
  }
  return operandsOf(value).every(isWithinHeaders);
}

/** What is added to a computed offset, all in all. */
function distanceOf(offset: Value): number {
  if (offset.kind === 'constant') return offset.value;
  if (offset.kind !== 'binary' || offset.operator !== 'add') return 0;
  return distanceOf(offset.left) + distanceOf(offset.right);
}

export function isNoMatch(node: Node): boolean {
  return node.kind === 'exit' && node.verdict.kind === 'no-match';
}

/** Whether the next test fails to the same place wherever this one does: it loads at least as far. */
function failsAnyway(node: TestNode, next: Node): boolean {
  if (next.kind !== 'test' || next.whenFailing !== node.whenFailing) return false;
  const [own, other] = [endOf(node), endOf(next)];
  return own !== undefined && other !== undefined && own <= other;
}

/** Where the only load of a test ends, if it is at a constant offset. */
function endOf({ test }: TestNode): number | undefined {
  if (test.kind === 'present') return undefined;
  const [value, operand] = valuesOf(test) as [Value, Value];
  return operand.kind === 'constant' ? endOfLoad(value) : undefined;
}

function endOfLoad(value: Value): number | undefined {
  if (value.kind === 'load') return value.offset.kind === 'constant' ? value.offset.value + value.size : undefined;
  if (value.kind === 'binary' && value.right.kind === 'constant') {
    const divides = value.operator === 'divide' || value.operator === 'modulo';
    return divides && value.right.value === 0 ? undefined : endOfLoad(value.left);
  }
  return undefined;
}

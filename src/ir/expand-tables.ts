import { graphOf, rebuild, type Graph, type Node, type TestNode } from './graph.ts';
import { testing } from './predicate.ts';
import { elementsOf, intervalsOf, type KeyInterval, type TableContents } from './table-contents.ts';
import { keyWidths } from './table.ts';
import { compare, decide, equal, valuesOf } from './test.ts';
import type { Value } from './value.ts';

/**
 * Tables as tests: a snapshot of what sets hold, for machines that have no maps. Each question about a lookup becomes a
 * binary search over the intervals that the set covers; the numbers of a longer key are searched one after another.
 * @param contents what the tables hold, by their names
 * @throws Error for a table of unknown contents
 */
export function expandTables(graph: Graph, contents: TableContents): Graph {
  const entry = rebuild(graph.entry, (node) => (node.kind === 'test' ? expandTest(node, contents) : node));
  return entry === graph.entry ? graph : { ...graph, entry };
}

function expandTest(node: TestNode, contents: TableContents): Node {
  const [asked, other] = valuesOf(node.test);
  if (asked?.kind !== 'lookup' || other?.kind !== 'constant') return node;
  const answer = (number: number): Node => (decide(node.test, number, other.value, 0) ? node.whenTrue : node.whenFalse);
  const { table, key } = asked;
  const intervals = intervalsOf(table.space, elementsOf(contents, table));
  const greatest = keyWidths[table.space].map((bits) => 2 ** bits - 1);
  const over: Search = { node, key, greatest, inside: answer(1), outside: answer(0) };
  return reading(over, search(over, 0, intervals));
}

/** A lookup fails where any part of its key cannot be read, whatever the table holds. */
function reading(over: Search, next: Node): Node {
  return over.key.reduceRight(
    (after, part) => question(over, compare('greater-or-equal', part, 0), after, after),
    next,
  );
}

interface Search {
  readonly node: TestNode;
  readonly key: readonly Value[];
  /** The greatest number of each part of the key. */
  readonly greatest: readonly number[];
  readonly inside: Node;
  readonly outside: Node;
}

/** Numbers of one part of the key that are answered alike. */
interface Stretch {
  readonly first: number;
  readonly last: number;
  /** Undefined: every further part is inside. */
  readonly rest: readonly KeyInterval[] | undefined;
}

/** From a part of the key on; the intervals are those that are left of it. */
function search(over: Search, part: number, intervals: readonly KeyInterval[]): Node {
  const stretches = stretchesOf(intervals, over.greatest.slice(part + 1));
  const targets = stretches.map(({ rest }) => (rest === undefined ? over.inside : search(over, part + 1, rest)));
  return halve(over, over.key[part] as Value, stretches, targets, 0, stretches.length);
}

/** Cuts intervals at the first part of their keys. */
function stretchesOf(intervals: readonly KeyInterval[], restGreatest: readonly number[]): readonly Stretch[] {
  const stretches: Stretch[] = [];
  const zeros = restGreatest.map(() => 0);
  const add = (first: number, last: number, rest: readonly KeyInterval[] | undefined): void => {
    const before = stretches.at(-1);
    if (before?.rest !== undefined && rest !== undefined && before.first === first && before.last === last) {
      stretches[stretches.length - 1] = { first, last, rest: [...before.rest, ...rest] };
    } else if (first <= last) stretches.push({ first, last, rest });
  };
  for (const interval of intervals) {
    const [first, ...firstRest] = interval.first as [number, ...number[]];
    const [last, ...lastRest] = interval.last as [number, ...number[]];
    const wholeStart = firstRest.every((number) => number === 0);
    const wholeEnd = lastRest.every((number, index) => number === restGreatest[index]);
    if (first === last && !(wholeStart && wholeEnd)) {
      add(first, first, [{ first: firstRest, last: lastRest }]);
      continue;
    }
    if (!wholeStart) add(first, first, [{ first: firstRest, last: restGreatest }]);
    add(wholeStart ? first : first + 1, wholeEnd ? last : last - 1, undefined);
    if (!wholeEnd) add(last, last, [{ first: zeros, last: lastRest }]);
  }
  return stretches;
}

/** Of few stretches each is asked, of more the middle one first. */
function halve(
  over: Search,
  value: Value,
  stretches: readonly Stretch[],
  targets: readonly Node[],
  from: number,
  to: number,
): Node {
  if (to - from > 2) {
    const middle = (from + to) >>> 1;
    const upper = halve(over, value, stretches, targets, middle, to);
    const lower = halve(over, value, stretches, targets, from, middle);
    return question(over, compare('greater-or-equal', value, (stretches[middle] as Stretch).first), upper, lower);
  }
  let next = over.outside;
  for (let index = to - 1; index >= from; index--) {
    const { first, last } = stretches[index] as Stretch;
    const target = targets[index] as Node;
    if (first === last) next = question(over, equal(value, first), target, next);
    else {
      const within = question(over, compare('greater', value, last), next, target);
      next = question(over, compare('greater-or-equal', value, first), within, next);
    }
  }
  return next;
}

function question({ node }: Search, test: Parameters<typeof testing>[0], whenTrue: Node, whenFalse: Node): Node {
  return graphOf(testing(test, node.span), whenTrue, whenFalse, node.whenFailing);
}

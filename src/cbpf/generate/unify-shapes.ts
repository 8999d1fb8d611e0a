import { rebuild, topologicalOrder, type Node, type TestNode } from '../../ir/graph.ts';
import { valuesOf, withValues } from '../../ir/test.ts';
import { add, asIpv4HeaderLength, load, valueKey, variable, type Value } from '../../ir/value.ts';
import { matchShapes, skeletonsOf, type Anchor, type Effort, type Match } from './match-shapes.ts';

/**
 * Graphs in which one part serves where two parts asked the same of different places: ports behind an IPv6 header and
 * behind an IPv4 one, addresses in IPv4 and in ARP. Before the shared part, X is set to where the header ends
 * (`ldx #40`, `ldxb 4*([14]&0xf)`), and the value that is asked first may be loaded into A.
 *
 * All loads that were there stay, in their order. The likeliest gains come first.
 */
export function unifiedShapes(entry: Node): readonly Node[] {
  const order = topologicalOrder(entry);
  if (order.length > mostNodes) return [];
  const alike = new Map<number, TestNode[]>();
  const skeletons = skeletonsOf(order);
  const matches: Match[] = [];
  const effort: Effort = { left: effortPerNode * order.length };
  const matched = new Set<Node>();
  for (const node of order) {
    if (node.kind !== 'test') continue;
    const skeleton = skeletons.get(node) as number;
    const others = alike.get(skeleton) ?? [];
    alike.set(skeleton, [...others, node].slice(-mostCandidates));
    for (const other of others) {
      // Within two parts that match, all else does.
      if (matched.has(node) && matched.has(other)) continue;
      const match = matchShapes(other, node, effort);
      if (match === undefined || !isSafe(match)) continue;
      matches.push(match);
      for (const [own, counterpart] of match.counterparts) matched.add(own).add(counterpart);
    }
  }
  const index = firstFreeVariable(order);
  return matches
    .toSorted((first, second) => second.counterparts.size - first.counterparts.size)
    .slice(0, order.length > manyNodes ? 1 : mostCandidates)
    .map((match) => unify(entry, match, index));
}

/** How often each node may be compared with another on average. */
const effortPerNode = 20;
/** Larger graphs are no classic programs anyway. */
const mostNodes = 10_000;
/** Where each form takes long to make, only the likeliest is made. */
const manyNodes = 500;
const mostCandidates = 4;

/**
 * Whether X may be set before the first value is asked for. Where the two are not one load, what X takes must not fail
 * where the first load does not: it lies before its end.
 */
function isSafe({ accumulator, anchor }: Match): boolean {
  if (accumulator === undefined || anchor === undefined) return true;
  return [
    [accumulator.first, anchor.first],
    [accumulator.second, anchor.second],
  ].every(([asked, base]) => {
    const offset = asIpv4HeaderLength(base as Value);
    if (offset === undefined) return base?.kind === 'constant' || base?.kind === 'variable';
    return asked?.kind === 'load' && asked.offset.kind === 'constant' && offset < asked.offset.value + asked.size;
  });
}

function firstFreeVariable(order: readonly Node[]): number {
  return order.reduce((free, node) => (node.kind === 'assign' ? Math.max(free, node.index + 1) : free), 0);
}

function unify(entry: Node, match: Match, index: number): Node {
  const shared = sharedPart(match, index);
  const lead = (root: TestNode, base: Value | undefined, asked: Value | undefined): Node => {
    const { whenFailing } = root;
    const next: Node =
      asked === undefined ? shared : { kind: 'assign', index: index + 1, value: asked, next: shared, whenFailing };
    return base === undefined ? next : { kind: 'assign', index, value: base, next, whenFailing };
  };
  const { first, second, anchor, accumulator } = match;
  return rebuild(entry, (node, original) => {
    if (original === first) return lead(first, anchor?.first, accumulator?.first);
    if (original === second) return lead(second, anchor?.second, accumulator?.second);
    return node;
  });
}

/** The first part in terms of X, and of A for what is asked first. */
function sharedPart({ first, counterparts, anchor, accumulator }: Match, index: number): Node {
  const asked = accumulator === undefined ? undefined : valueKey(accumulator.first);
  const change = (value: Value): Value => {
    if (asked !== undefined && valueKey(value) === asked) return variable(index + 1);
    if (value.kind === 'binary') return { ...value, left: change(value.left), right: change(value.right) };
    if (value.kind !== 'load' || anchor === undefined) return value;
    return inTermsOf(anchor, value, index) ?? value;
  };
  const copies = new Map<Node, Node>();
  const copyOf = (node: Node): Node => copies.get(node) ?? node;
  for (const node of topologicalOrder(first).toReversed()) {
    if (!counterparts.has(node) || node.kind !== 'test') continue;
    copies.set(node, {
      ...node,
      test: withValues(node.test, valuesOf(node.test).map(change)),
      whenTrue: copyOf(node.whenTrue),
      whenFalse: copyOf(node.whenFalse),
      whenFailing: copyOf(node.whenFailing),
    });
  }
  return copyOf(first);
}

function inTermsOf({ loads }: Anchor, value: Extract<Value, { kind: 'load' }>, index: number): Value | undefined {
  const displacement = loads.get(valueKey(value));
  return displacement === undefined ? undefined : load(add(variable(index), displacement), value.size);
}

import type { Node } from '../../graph.ts';
import { anyBit, compare, equal, type Test } from '../../test.ts';
import type { Value } from '../../value.ts';
import type { Segment } from './partition.ts';

/** So many single numbers are asked for one after the other; more are halved first. */
const longestChain = 8;
/** As many ranges at most beside single numbers that are asked for first. */
const fewRanges = 4;

export type MakeTest = (test: Test, whenTrue: Node, whenFalse: Node) => Node;

/**
 * Tests that lead from a value to the target of its segment: equalities for single numbers, halving for ranges and
 * for what is long.
 * @param segments ascending, without gaps, neighbours with different targets
 */
export function search(value: Value, segments: readonly Segment[], make: MakeTest): Node {
  const [first, second] = segments as readonly [Segment, Segment | undefined];
  if (second === undefined) return first.target;
  if (segments.length === 2) return oneTest(value, first, second, make);
  const background = backgroundOf(segments);
  const bits = otherBits(segments, background);
  if (bits !== undefined) return make(anyBit(value, bits), background, first.target);
  const points = segments.filter((segment) => isPoint(segment) && segment.target !== background);
  const ranges = segments.filter((segment) => !isPoint(segment) && segment.target !== background);
  if (points.length > 0 && points.length <= longestChain && ranges.length <= fewRanges) {
    const others = search(value, without(segments, points, background), make);
    return points.reduceRight((next, { least, target }) => make(equal(value, least), target, next), others);
  }
  return halve(value, segments, make);
}

function oneTest(value: Value, first: Segment, second: Segment, make: MakeTest): Node {
  if (first.greatest === 0 && value.kind === 'binary' && value.operator === 'and') {
    return make(anyBit(value.left, value.right), second.target, first.target);
  }
  if (isPoint(first)) return make(equal(value, first.least), first.target, second.target);
  if (isPoint(second)) return make(equal(value, second.least), second.target, first.target);
  return make(compare('greater-or-equal', value, second.least), second.target, first.target);
}

function halve(value: Value, segments: readonly Segment[], make: MakeTest): Node {
  let middle = segments.length >> 1;
  // Not behind a single number, which would then be asked for by two comparisons.
  if (middle + 1 < segments.length && isPoint(segments[middle - 1] as Segment)) middle++;
  const bound = (segments[middle] as Segment).least;
  const lower = search(value, segments.slice(0, middle), make);
  const upper = search(value, segments.slice(middle), make);
  return make(compare('greater-or-equal', value, bound), upper, lower);
}

/** If all but 0 and one power of two lead to the background: the bits that neither has. */
function otherBits(segments: readonly Segment[], background: Node): number | undefined {
  const [zero, power, ...more] = segments.filter(({ target }) => target !== background);
  if (zero === undefined || power === undefined || more.length > 0 || zero.target !== power.target) return undefined;
  const single = isPoint(power) && (power.least & (power.least - 1)) === 0;
  return zero.greatest === 0 && single ? ~power.least >>> 0 : undefined;
}

function isPoint({ least, greatest }: Segment): boolean {
  return least === greatest;
}

/** The target of most segments, of those that are no single number if there are any. */
function backgroundOf(segments: readonly Segment[]): Node {
  const counts = new Map<Node, number>();
  for (const segment of segments) {
    counts.set(segment.target, (counts.get(segment.target) ?? 0) + (isPoint(segment) ? 1 : segments.length));
  }
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}

/** Once single numbers have been asked for, they may lead anywhere: to where most do. */
function without(segments: readonly Segment[], points: readonly Segment[], background: Node): readonly Segment[] {
  const asked = new Set(points);
  const kept: Segment[] = [];
  for (const segment of segments) {
    const target = asked.has(segment) ? background : segment.target;
    const before = kept.at(-1);
    if (before?.target === target) kept[kept.length - 1] = { ...before, greatest: segment.greatest };
    else kept.push({ ...segment, target });
  }
  return kept;
}

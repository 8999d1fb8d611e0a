import { rebuild, type Node, type TestNode } from '../graph.ts';
import { anyNumber, rangeOf } from '../range.ts';
import { anyBit, equal } from '../test.ts';
import { load, valueKey, type LoadSize, type Value } from '../value.ts';

/**
 * Two tests that follow each other become one: two masks of one value, two equalities of neighbouring bytes (source and
 * destination port) as one of both.
 */
export function mergeTests(entry: Node): Node {
  return rebuild(entry, (node) => {
    if (node.kind !== 'test') return node;
    return mergedMasks(node) ?? mergedLoads(node) ?? node;
  });
}

/** The value was computed for the first mask: for the second it cannot fail. */
function mergedMasks(node: TestNode): TestNode | undefined {
  const next = node.whenFalse;
  if (next.kind !== 'test' || node.test.kind !== 'any-bit' || next.test.kind !== 'any-bit') return undefined;
  const [mask, nextMask] = [node.test.mask, next.test.mask];
  if (mask.kind !== 'constant' || nextMask.kind !== 'constant' || node.whenTrue !== next.whenTrue) return undefined;
  if (valueKey(node.test.value) !== valueKey(next.test.value)) return undefined;
  return { ...node, test: anyBit(node.test.value, mask.value | nextMask.value), whenFalse: next.whenFalse };
}

/**
 * Of conditions that all have to hold, where a difference goes where a failure goes, it does not matter which is asked
 * first and which load fails: a neighbour further down comes to the first.
 */
function mergedLoads(node: TestNode): TestNode | undefined {
  const first = bytesOf(node);
  if (first === undefined || first.size === 4 || node.whenFalse !== node.whenFailing) return undefined;
  const between: TestNode[] = [];
  let next = node.whenTrue;
  for (; next.kind === 'test' && between.length < mostBetween; next = next.whenTrue) {
    if (next.whenFalse !== node.whenFailing || next.whenFailing !== node.whenFailing) return undefined;
    const second = bytesOf(next);
    if (second === undefined || !areNeighbours(first, second)) {
      between.push(next);
      continue;
    }
    const [low, high] = first.offset < second.offset ? [first, second] : [second, first];
    const number = low.number * 2 ** (8 * low.size) + high.number;
    const whenTrue = between.reduceRight((rest: Node, each) => ({ ...each, whenTrue: rest }), next.whenTrue);
    return { ...node, test: equal(load(low.place, (2 * low.size) as LoadSize), number), whenTrue };
  }
  return undefined;
}

/** How many conditions may stand between two that are merged. */
const mostBetween = 8;

function areNeighbours(first: Bytes, second: Bytes): boolean {
  if (first.base !== second.base || first.size !== second.size) return false;
  return Math.abs(first.offset - second.offset) === first.size;
}

interface Bytes {
  readonly place: Value;
  /** What the offset is counted from: equal for equal bases. */
  readonly base: string;
  readonly offset: number;
  readonly size: LoadSize;
  readonly number: number;
}

/** The bytes that a test asks to be equal to a number. */
function bytesOf({ test }: TestNode): Bytes | undefined {
  if (test.kind !== 'compare' || test.operator !== 'equal' || test.right.kind !== 'constant') return undefined;
  const { left, right } = test;
  if (left.kind !== 'load' || right.value >= 2 ** (8 * left.size)) return undefined;
  const place = left.offset;
  const known = { place, size: left.size, number: right.value };
  if (place.kind === 'constant') return { ...known, base: '', offset: place.value };
  const isSum = place.kind === 'binary' && place.operator === 'add' && place.right.kind === 'constant';
  if (!isSum || place.right.kind !== 'constant') return undefined;
  const base = place.left;
  // Sums that may wrap are no neighbours.
  if (rangeOf(base).greatest + place.right.value + 8 > anyNumber.greatest) return undefined;
  return { ...known, base: valueKey(base), offset: place.right.value };
}

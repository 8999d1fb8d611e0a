import type { Node, TestNode } from '../../ir/graph.ts';
import { valuesOf, type Test } from '../../ir/test.ts';
import { constant, operandsOf, valueKey, type Load, type Value } from '../../ir/value.ts';
import { splitOffset } from './simplify.ts';

/** Two parts of a graph that ask the same of different places and go on to the same nodes. */
export interface Match {
  readonly first: TestNode;
  readonly second: TestNode;
  /** The nodes of the first part, each with the node of the second that asks the same. */
  readonly counterparts: ReadonlyMap<Node, Node>;
  /** Where the loads differ, other than that of `accumulator`. */
  readonly anchor: Anchor | undefined;
  /** The values asked first, if they lie otherwise to each other than all others do. */
  readonly accumulator: { readonly first: Value; readonly second: Value } | undefined;
}

/** What X holds for each part, so that the same `[x + k]` loads what it asks. */
export interface Anchor {
  readonly first: Value;
  readonly second: Value;
  /** The k of each load of the first part, by the load's key. */
  readonly loads: ReadonlyMap<string, number>;
}

/** Numbers that are equal for nodes that may match: what they ask without the offsets, and where they go on. */
export function skeletonsOf(order: readonly Node[]): ReadonlyMap<Node, number> {
  const numbers = new Map<string, number>();
  const skeletons = new Map<Node, number>();
  for (const [place, node] of order.toReversed().entries()) {
    const key =
      node.kind === 'test'
        ? `${shapeOf(node.test)} ${skeletons.get(node.whenTrue)} ${skeletons.get(node.whenFalse)}`
        : `node ${place}`;
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    skeletons.set(node, number);
  }
  return skeletons;
}

function shapeOf(test: Test): string {
  const operator = test.kind === 'compare' ? test.operator : test.kind;
  return `${operator} ${valuesOf(test).map(shapeOfValue).join(' ')}`;
}

function shapeOfValue(value: Value): string {
  if (value.kind === 'load') return `load ${value.size}`;
  if (value.kind !== 'binary') return valueKey(value);
  return `(${value.operator} ${operandsOf(value).map(shapeOfValue).join(' ')})`;
}

/** A load of the first part and its counterpart. */
interface Pair {
  readonly first: Load;
  readonly second: Load;
}

/** How many pairs of nodes may still be looked at, all attempts together. */
export interface Effort {
  left: number;
}

/**
 * @param first and `second` have the same skeleton
 * @returns undefined where the parts go on to different nodes, or the places differ in no regular way
 */
export function matchShapes(first: TestNode, second: TestNode, effort: Effort): Match | undefined {
  const counterparts = new Map<Node, Node>();
  const pairs = new Map<string, Pair>();
  const open: (readonly [Node, Node])[] = [[first, second]];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if (effort.left-- <= 0) return undefined;
    const [one, other] = each;
    const known = counterparts.get(one);
    if (one === other || known === other) continue;
    if (known !== undefined || one.kind !== 'test' || other.kind !== 'test') return undefined;
    counterparts.set(one, other);
    const [values, otherValues] = [valuesOf(one.test), valuesOf(other.test)];
    if (!values.every((value, place) => pairLoads(value, otherValues[place] as Value, pairs))) return undefined;
    open.push([one.whenTrue, other.whenTrue], [one.whenFalse, other.whenFalse]);
  }
  const differing = [...pairs.values()].filter((pair) => valueKey(pair.first) !== valueKey(pair.second));
  if (differing.length === 0) return undefined;
  const anchor = anchorOf(differing);
  if (anchor !== undefined) return { first, second, counterparts, anchor, accumulator: undefined };
  const [asked, otherAsked] = [valuesOf(first.test)[0] as Value, valuesOf(second.test)[0] as Value];
  const others = differing.filter((pair) => pair.first !== asked && valueKey(pair.first) !== valueKey(asked));
  if (asked.kind !== 'load' || others.length === differing.length) return undefined;
  const accumulator = { first: asked, second: otherAsked };
  if (others.length === 0) return { first, second, counterparts, anchor: undefined, accumulator };
  const rest = anchorOf(others);
  return rest === undefined ? undefined : { first, second, counterparts, anchor: rest, accumulator };
}

/** Whether two values are equal but for the offsets of loads, each load having one counterpart. */
function pairLoads(first: Value, second: Value, pairs: Map<string, Pair>): boolean {
  if (first.kind === 'load' && second.kind === 'load') {
    const known = pairs.get(valueKey(first));
    if (known !== undefined) return valueKey(known.second) === valueKey(second);
    pairs.set(valueKey(first), { first, second });
    return true;
  }
  const operands = operandsOf(first);
  if (operands.length === 0) return valueKey(first) === valueKey(second);
  const others = operandsOf(second);
  return operands.every((operand, place) => pairLoads(operand, others[place] as Value, pairs));
}

function anchorOf(pairs: readonly Pair[]): Anchor | undefined {
  const places = pairs.map((pair) => ({ first: placeOf(pair.first), second: placeOf(pair.second), load: pair.first }));
  const [lead] = places;
  if (lead === undefined) return undefined;
  const distance = lead.first.displacement - lead.second.displacement;
  const regular = places.every(
    ({ first, second }) =>
      first.key === lead.first.key &&
      second.key === lead.second.key &&
      first.displacement - second.displacement === distance,
  );
  if (!regular) return undefined;
  const [base, otherBase] = [lead.first.base, lead.second.base];
  // X holds the computed base, or for fixed offsets whatever makes the displacements the same.
  const from = base !== undefined ? 0 : otherBase !== undefined ? distance : lead.first.displacement;
  const otherFrom = otherBase !== undefined ? 0 : base !== undefined ? -distance : lead.second.displacement;
  if (from < 0 || otherFrom < 0 || (base !== undefined && otherBase !== undefined && distance !== 0)) return undefined;
  const loads = new Map(places.map(({ first, load }) => [valueKey(load), first.displacement - from]));
  if ([...loads.values()].some((displacement) => displacement < 0)) return undefined;
  return { first: base ?? constant(from), second: otherBase ?? constant(otherFrom), loads };
}

interface Place {
  /** Absent where the offset is fixed. */
  readonly base: Value | undefined;
  readonly key: string;
  readonly displacement: number;
}

function placeOf({ offset }: Load): Place {
  if (offset.kind === 'constant') return { base: undefined, key: '', displacement: offset.value };
  const { base, displacement } = splitOffset(offset);
  return { base, key: valueKey(base), displacement };
}

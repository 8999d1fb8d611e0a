import type { Node } from '../../graph.ts';
import { anyNumber, type Range } from '../../range.ts';

/**
 * Where a graph leads for each number that a value may be: pieces of which the first that holds the number counts, and
 * a last one for all others. Adding a piece in front costs nothing, so that a list of n equalities becomes a partition in n steps.
 */
export type Partition =
  | { readonly kind: 'rest'; readonly target: Node }
  | { readonly kind: 'piece'; readonly members: Members; readonly target: Node; readonly next: Partition };

/** A set of numbers as a union that is not worked out yet. */
export type Members = readonly Range[] | { readonly first: Members; readonly second: Members };

/** Numbers that lead to the same node. */
export interface Segment extends Range {
  readonly target: Node;
}

export function rest(target: Node): Partition {
  return { kind: 'rest', target };
}

export function prepend(members: Members, target: Node, next: Partition): Partition {
  if (next.target !== target) return { kind: 'piece', members, target, next };
  return next.kind === 'rest' ? next : { ...next, members: { first: members, second: next.members } };
}

/** The same pieces with other targets. */
export function mapTargets(partition: Partition, change: (target: Node) => Node): Partition {
  const pieces: Extract<Partition, { kind: 'piece' }>[] = [];
  let end = partition;
  for (; end.kind === 'piece'; end = end.next) pieces.push(end);
  return pieces.reduceRight(
    (next, { members, target }) => prepend(members, change(target), next),
    rest(change(end.target)),
  );
}

/** All numbers in ascending order, neighbours of one target as one segment. */
export function segmentsOf(partition: Partition): readonly Segment[] {
  const pieces: { readonly ranges: readonly Range[]; readonly target: Node }[] = [];
  let end = partition;
  for (; end.kind === 'piece'; end = end.next) pieces.push({ ranges: rangesOf(end.members), target: end.target });
  pieces.push({ ranges: [anyNumber], target: end.target });
  const starts = new Set(
    pieces.flatMap(({ ranges }) => ranges.flatMap(({ least, greatest }) => [least, greatest + 1])),
  );
  starts.delete(anyNumber.greatest + 1);
  const bounds = [...starts].sort((a, b) => a - b);
  return joinNeighbours(bounds, paint(bounds, pieces));
}

/** The target of each stretch between two bounds: that of the first piece that covers it. */
function paint(
  bounds: readonly number[],
  pieces: readonly { readonly ranges: readonly Range[]; readonly target: Node }[],
): readonly Node[] {
  const places = new Map(bounds.map((bound, place) => [bound, place]));
  const painted: Node[] = [];
  // The next place from here on that has no target, found by leaps that get longer.
  const free = Array.from({ length: bounds.length + 1 }, (_, place) => place);
  const nextFree = (place: number): number => {
    let root = place;
    while (free[root] !== root) root = free[root] as number;
    while (free[place] !== root) [place, free[place]] = [free[place] as number, root];
    return root;
  };
  for (const { ranges, target } of pieces) {
    for (const { least, greatest } of ranges) {
      const end = places.get(greatest + 1) ?? bounds.length;
      for (let place = nextFree(places.get(least) as number); place < end; place = nextFree(place)) {
        painted[place] = target;
        free[place] = place + 1;
      }
    }
  }
  return painted;
}

function joinNeighbours(bounds: readonly number[], targets: readonly Node[]): readonly Segment[] {
  const segments: Segment[] = [];
  for (const [place, least] of bounds.entries()) {
    const target = targets[place] as Node;
    const greatest = (bounds[place + 1] ?? anyNumber.greatest + 1) - 1;
    const before = segments.at(-1);
    if (before?.target === target) segments[segments.length - 1] = { ...before, greatest };
    else segments.push({ least, greatest, target });
  }
  return segments;
}

export function partitionOf(segments: readonly Segment[]): Partition {
  const [first, ...others] = segments as readonly [Segment, ...Segment[]];
  const members = new Map<Node, Range[]>();
  for (const { least, greatest, target } of others) {
    if (target === first.target) continue;
    const known = members.get(target);
    if (known === undefined) members.set(target, [{ least, greatest }]);
    else known.push({ least, greatest });
  }
  return [...members].reduceRight((next, [target, ranges]) => prepend(ranges, target, next), rest(first.target));
}

/** For each number the combination of what several partitions say. */
export function combine(partitions: readonly Partition[], join: (targets: readonly Node[]) => Node): Partition {
  const lists = partitions.map(segmentsOf);
  const segments: Segment[] = [];
  const places = lists.map(() => 0);
  for (let least = 0; least <= anyNumber.greatest;) {
    const current = lists.map((list, which) => list[places[which] as number] as Segment);
    const greatest = Math.min(...current.map((segment) => segment.greatest));
    segments.push({ least, greatest, target: join(current.map((segment) => segment.target)) });
    for (const [which, segment] of current.entries()) if (segment.greatest === greatest) (places[which] as number)++;
    least = greatest + 1;
  }
  return partitionOf(segments);
}

function rangesOf(members: Members): readonly Range[] {
  const ranges: Range[] = [];
  const open: Members[] = [members];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    if ('first' in each) open.push(each.first, each.second);
    else ranges.push(...each);
  }
  return ranges;
}

/** All other numbers. */
export function complement(ranges: readonly Range[]): readonly Range[] {
  const others: Range[] = [];
  let least = 0;
  for (const range of ranges) {
    if (range.least > least) others.push({ least, greatest: range.least - 1 });
    least = range.greatest + 1;
  }
  if (least <= anyNumber.greatest) others.push({ least, greatest: anyNumber.greatest });
  return others;
}

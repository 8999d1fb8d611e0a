import fc, { type Arbitrary } from 'fast-check';
import type { StoredElement } from '../../src/ebpf/table-entry.ts';
import type { TableShape } from '../../src/ebpf/table-map.ts';
import { and, not, or, testing, type Predicate } from '../../src/ir/predicate.ts';
import type { KeySpace, TableReference } from '../../src/ir/table.ts';
import { prefixByte, type TableElement } from '../../src/ir/table-contents.ts';
import { compare, equal } from '../../src/ir/test.ts';
import {
  add,
  binary,
  bitAnd,
  constant,
  ipv4HeaderLength,
  load,
  lookup,
  variable,
  type Value,
} from '../../src/ir/value.ts';

/** Random tables, and filters that ask them. Few different bytes, so that packets meet elements and elements overlap. */
export interface RandomTable {
  readonly reference: TableReference;
  readonly shape: TableShape;
}

const bytes = [0, 1, 2, 0x0a, 0x80, 0xff];

/** One table of each space, its name telling them apart. */
export function randomTables(): Arbitrary<readonly RandomTable[]> {
  const spaces: readonly KeySpace[] = ['ipv4', 'ipv6', 'port', 'mac'];
  return fc.tuple(
    ...spaces.map((space) => randomShape().map((shape) => ({ reference: { name: `of ${space}`, space }, shape }))),
  );
}

function randomShape(): Arbitrary<TableShape> {
  return fc.record({
    swappable: fc.boolean(),
    expiring: fc.boolean(),
    hostsOnly: fc.nat(3).map((number) => number === 0),
    maxEntries: fc.constant(5000),
  });
}

/**
 * Elements that fit a table, with an end where they can have one.
 * @param ends in jiffies
 */
export function randomElements(
  { reference, shape }: RandomTable,
  ends: readonly bigint[],
): Arbitrary<readonly StoredElement[]> {
  const expires = fc.constantFrom(undefined, ...ends);
  const stored = fc.tuple(randomElement(reference.space, shape), expires).map(([element, end]): StoredElement => {
    return shape.expiring !== true || end === undefined ? { element } : { element, expires: end };
  });
  return fc.array(stored, { maxLength: 24 });
}

function randomElement(space: KeySpace, { hostsOnly }: TableShape): Arbitrary<TableElement> {
  switch (space) {
    case 'ipv4':
      return randomNetwork(4, hostsOnly === true);
    case 'ipv6':
      return randomNetwork(16, hostsOnly === true);
    case 'port':
      return fc
        .tuple(randomAddress(2), fc.oneof(fc.constant(0), fc.nat(300)))
        .map(([[high = 0, low = 0], length]): TableElement => {
          const first = (high << 8) | low;
          return { kind: 'ports', first, last: Math.min(first + length, 0xffff) };
        });
    case 'mac':
      return randomAddress(6).map((address) => ({ kind: 'mac', address }));
  }
}

function randomNetwork(size: number, hostsOnly: boolean): Arbitrary<TableElement> {
  const lengths = fc.oneof(fc.nat(size * 8), fc.nat(16), fc.constant(size * 8));
  return fc.tuple(randomAddress(size), lengths).map(([address, length]): TableElement => {
    const prefixLength = hostsOnly ? size * 8 : length;
    return {
      kind: 'network',
      address: address.map((byte, index) => byte & prefixByte(prefixLength, index)),
      prefixLength,
    };
  });
}

function randomAddress(size: number): Arbitrary<Uint8Array> {
  const narrow = fc.constantFrom(0, 1);
  return fc
    .array(fc.oneof(narrow, narrow, fc.constantFrom(...bytes)), { minLength: size, maxLength: size })
    .map((list) => Uint8Array.from(list));
}

/** A frame whose bytes are those of elements; long enough that most loads are inside. */
export function randomFrame(): Arbitrary<Uint8Array> {
  return fc
    .tuple(randomAddress(60), fc.oneof(fc.constant(60), fc.integer({ min: 14, max: 60 })))
    .map(([all, length]) => {
      const frame = all.slice(0, length);
      // No EtherType of IP: a test run at TC wants a whole header behind it.
      frame.set([0x12, 0x34], 12);
      return frame;
    });
}

/** A predicate of lookups, under variables (0, a byte; 1, four bytes) and at computed offsets. */
export function randomAsking(tables: readonly RandomTable[], depth = 3): Arbitrary<Predicate> {
  const asking = fc.constantFrom(...tables).chain(({ reference }) => randomLookup(reference));
  const tests = fc.oneof(
    { weight: 6, arbitrary: asking.map((value) => testing(equal(value, 1))) },
    { weight: 1, arbitrary: asking.map((value) => testing(compare('greater', add(value, 1), 1))) },
    { weight: 1, arbitrary: fc.tuple(asking, asking).map(([left, right]) => testing(equal(left, right))) },
    { weight: 1, arbitrary: asking.map((value) => testing(equal(load(add(value, 20), 1), 1))) },
    { weight: 1, arbitrary: fc.nat(50).map((offset) => testing(equal(load(offset, 1), 1))) },
  );
  if (depth === 0) return tests;
  const operand = randomAsking(tables, depth - 1);
  return fc.oneof(
    tests,
    operand.map(not),
    fc.tuple(operand, operand).map(([first, second]) => and(first, second)),
    fc.tuple(operand, operand).map(([first, second]) => or(first, second)),
  );
}

function randomLookup(reference: TableReference): Arbitrary<Value> {
  const offset = fc.oneof(
    fc.nat(44).map((number): Value => constant(number)),
    fc.nat(30).map((number): Value => add(ipv4HeaderLength(14), number)),
    fc.nat(30).map((number): Value => add(bitAnd(variable(0), 15), number)),
  );
  const at = (base: Value, displacement: number, size: 2 | 4): Value => load(add(base, displacement), size);
  switch (reference.space) {
    case 'ipv4':
      return offset.chain((base) =>
        fc.constantFrom(
          lookup(reference, at(base, 0, 4)),
          lookup(reference, variable(1)),
          lookup(reference, binary('and', at(base, 0, 4), constant(0xffff00ff))),
        ),
      );
    case 'ipv6':
      return offset.chain((base) =>
        fc.constantFrom(
          lookup(reference, at(base, 0, 4), at(base, 4, 4), at(base, 8, 4), at(base, 12, 4)),
          lookup(reference, variable(1), at(base, 0, 4), constant(0), variable(1)),
        ),
      );
    case 'port':
      return offset.chain((base) =>
        fc.constantFrom(
          lookup(reference, at(base, 0, 2)),
          lookup(reference, variable(0)),
          lookup(reference, bitAnd(add(at(base, 0, 2), 1), 0xffff)),
        ),
      );
    case 'mac':
      return offset.map((base) => lookup(reference, at(base, 0, 4), at(base, 4, 2)));
  }
}

/** The elements that live at `now`; of those with one key the last one counts. */
export function liveElements(stored: readonly StoredElement[], now: bigint): readonly TableElement[] {
  const byKey = new Map<string, StoredElement>();
  for (const each of stored.flatMap(separately)) byKey.set(keyOf(each.element), each);
  return [...byKey.values()]
    .filter(({ expires }) => expires === undefined || expires > now)
    .map(({ element }) => element);
}

function separately(stored: StoredElement): readonly StoredElement[] {
  const { element } = stored;
  if (element.kind !== 'ports') return [stored];
  return Array.from({ length: element.last - element.first + 1 }, (_, index) => {
    const port = element.first + index;
    return { ...stored, element: { kind: 'ports', first: port, last: port } };
  });
}

function keyOf(element: TableElement): string {
  if (element.kind === 'ports') return String(element.first);
  return `${element.address.join('.')}/${element.kind === 'network' ? element.prefixLength : ''}`;
}

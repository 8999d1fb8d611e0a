import fc, { type Arbitrary } from 'fast-check';
import { exit, graphOf, type Graph } from '../../src/ir/graph.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { always, and, assigning, not, or, testing, type Predicate } from '../../src/ir/predicate.ts';
import { anyBit, compare, present, type CompareOperator, type Test } from '../../src/ir/test.ts';
import {
  add,
  binary,
  constant,
  ipv4HeaderLength,
  load,
  metadata,
  packetLength,
  variable,
  type BinaryOperator,
  type LoadSize,
  type MetadataField,
  type Value,
} from '../../src/ir/value.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';

/**
 * Random filters over small random packets, for comparing engines with `ir/evaluate.ts`. Numbers prefer the boundaries
 * of 8, 16, 31 and 32 bits, packets prefer few different bytes, so that tests are true, false and failing alike.
 */
export interface RandomOptions {
  /** Store values with `assign` and read them on the same path; at most this many at a time. Default 0: none. */
  readonly variables?: number;
  /** Ask for what a live hook knows beside the bytes. Default false. */
  readonly metadata?: boolean;
  /** Ask whether bytes are present. Default false. */
  readonly present?: boolean;
  /** How deep predicates nest. Default 3. */
  readonly depth?: number;
  /** How deep values nest. Default 2. */
  readonly valueDepth?: number;
}

/** Random packets have at most this many bytes. */
export const longestRandomPacket = 48;

const metadataFields: readonly MetadataField[] = [
  'vlan-present',
  'vlan-tci',
  'vlan-protocol',
  'interface-index',
  'direction-outgoing',
  'mark',
];

const operators: readonly BinaryOperator[] = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'modulo',
  'and',
  'or',
  'xor',
  'shift-left',
  'shift-right',
];

const boundaries = [
  0, 1, 2, 3, 4, 8, 14, 15, 16, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff,
  0x80000000, 0x80000001, 0xfffff000, 0xfffff004, 0xffffffe0, 0xfffffffc, 0xfffffffe, 0xffffffff,
];

/** 0 … 2^32 − 1. */
export function randomNumber(): Arbitrary<number> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...boundaries) },
    { weight: 3, arbitrary: fc.nat(40) },
    { weight: 1, arbitrary: fc.nat(0xffff) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
  );
}

/** A value over a packet; may read the variables below `variablesInScope`. */
export function randomValue(options: RandomOptions = {}, variablesInScope = 0): Arbitrary<Value> {
  return valueOfDepth(options.valueDepth ?? 2, options, variablesInScope);
}

function valueOfDepth(depth: number, options: RandomOptions, variablesInScope: number): Arbitrary<Value> {
  const leaves: fc.WeightedArbitrary<Value>[] = [
    { weight: 2, arbitrary: randomNumber().map(constant) },
    { weight: 1, arbitrary: fc.constant(packetLength) },
    { weight: 8, arbitrary: fc.tuple(randomOffset(), randomLoadSize()).map(([offset, size]) => load(offset, size)) },
    { weight: 1, arbitrary: fc.nat(longestRandomPacket).map(ipv4HeaderLength) },
  ];
  if (variablesInScope > 0) {
    leaves.push({ weight: 6, arbitrary: fc.nat(variablesInScope - 1).map(variable) });
  }
  if (options.metadata === true) {
    leaves.push({ weight: 4, arbitrary: fc.constantFrom(...metadataFields).map(metadata) });
  }
  if (depth === 0) return fc.oneof(...leaves);
  const operand = valueOfDepth(depth - 1, options, variablesInScope);
  const narrow = operand.map((value) => binary('and', value, constant(31)));
  return fc.oneof(
    ...leaves,
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom(...operators), operand, operand)
        .map(([operator, left, right]) => binary(operator, left, right)),
    },
    { weight: 2, arbitrary: fc.tuple(operand, randomLoadSize()).map(([offset, size]) => load(offset, size)) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.oneof(operand, narrow), randomNumber(), randomLoadSize())
        .map(([base, offset, size]) => load(add(base, offset), size)),
    },
  );
}

function randomOffset(): Arbitrary<number> {
  return fc.oneof(
    { weight: 30, arbitrary: fc.nat(longestRandomPacket - 12) },
    { weight: 2, arbitrary: fc.nat(longestRandomPacket) },
    { weight: 1, arbitrary: fc.constantFrom(...boundaries) },
  );
}

function randomLoadSize(): Arbitrary<LoadSize> {
  return fc.constantFrom<LoadSize>(1, 2, 4);
}

export function randomTest(options: RandomOptions = {}, variablesInScope = 0): Arbitrary<Test> {
  const value = randomValue(options, variablesInScope);
  const right = fc.oneof({ weight: 5, arbitrary: randomNumber().map(constant) }, { weight: 2, arbitrary: value });
  const tests: fc.WeightedArbitrary<Test>[] = [
    {
      weight: 5,
      arbitrary: fc
        .tuple(fc.constantFrom<CompareOperator>('equal', 'greater', 'greater-or-equal'), value, right)
        .map(([operator, first, second]) => compare(operator, first, second)),
    },
    { weight: 2, arbitrary: fc.tuple(value, right).map(([first, mask]) => anyBit(first, mask)) },
  ];
  if (options.present === true) {
    tests.push({
      weight: 2,
      arbitrary: fc.tuple(value, fc.nat(longestRandomPacket)).map(([offset, size]) => present(offset, size)),
    });
  }
  return fc.oneof(...tests);
}

/** A predicate in which every variable is assigned before it is read, on every path. */
export function randomPredicate(options: RandomOptions = {}): Arbitrary<Predicate> {
  return predicateOfDepth(options.depth ?? 3, options, 0);
}

function predicateOfDepth(depth: number, options: RandomOptions, variablesInScope: number): Arbitrary<Predicate> {
  const leaves: fc.WeightedArbitrary<Predicate>[] = [
    { weight: 12, arbitrary: randomTest(options, variablesInScope).map((test) => testing(test)) },
    { weight: 1, arbitrary: fc.boolean().map((value) => always(value)) },
  ];
  if (depth === 0) return fc.oneof(...leaves);
  const operand = predicateOfDepth(depth - 1, options, variablesInScope);
  const operands = fc.array(operand, { minLength: 2, maxLength: 3 });
  const choices: fc.WeightedArbitrary<Predicate>[] = [
    ...leaves,
    { weight: 2, arbitrary: operand.map(not) },
    { weight: 8, arbitrary: operands.map((list) => and(...list)) },
    { weight: 8, arbitrary: operands.map((list) => or(...list)) },
  ];
  if (variablesInScope < (options.variables ?? 0)) {
    const value = randomValue(options, variablesInScope);
    const body = predicateOfDepth(depth - 1, options, variablesInScope + 1);
    choices.push({
      weight: 8,
      arbitrary: fc.tuple(value, body).map(([stored, rest]) => and(assigning(variablesInScope, stored), rest)),
    });
  }
  return fc.oneof(...choices);
}

/** A packet, sometimes cut short; with metadata when the options ask for it. */
export function randomPacket(options: RandomOptions = {}): Arbitrary<Packet> {
  const byte = fc.oneof(fc.constantFrom(0, 1, 2, 4, 8, 0x45, 0x7f, 0x80, 0xff), fc.nat(255));
  const long = fc.array(byte, { minLength: longestRandomPacket - 8, maxLength: longestRandomPacket });
  const any = fc.array(byte, { maxLength: longestRandomPacket });
  const bytes = fc
    .oneof({ weight: 4, arbitrary: long }, { weight: 1, arbitrary: any })
    .map((list) => Uint8Array.from(list));
  const cutOff = fc.oneof(fc.constant(0), fc.nat(100));
  const whole = fc.tuple(bytes, cutOff).map(([captured, missing]): Packet => {
    return { bytes: captured, length: captured.length + missing };
  });
  if (options.metadata !== true) return whole;
  return fc.tuple(whole, randomMetadata()).map(([packet, known]): Packet => ({ ...packet, metadata: known }));
}

function randomMetadata(): Arbitrary<NonNullable<Packet['metadata']>> {
  return fc.record({
    'vlan-present': fc.nat(1),
    'vlan-tci': fc.nat(0xffff),
    'vlan-protocol': fc.constantFrom(0x8100, 0x88a8),
    'interface-index': fc.integer({ min: 1, max: 3 }),
    'direction-outgoing': fc.nat(1),
    mark: randomNumber(),
  });
}

/** The packet captured at every length from 0 to all of it; its length on the wire stays. */
export function truncations(packet: Packet): readonly Packet[] {
  return Array.from({ length: packet.bytes.length + 1 }, (_, captured) => {
    return { ...packet, bytes: packet.bytes.slice(0, captured) };
  });
}

/** The graph of a bare filter: match, or no match where the predicate is false or fails. */
export function filterGraph(predicate: Predicate, linkType: LinkType = 'EN10MB'): Graph {
  const reject = exit(noMatch);
  return { linkType, entry: graphOf(predicate, exit(match), reject, reject) };
}

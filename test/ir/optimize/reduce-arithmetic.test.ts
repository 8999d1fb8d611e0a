import { expect } from 'chai';
import { exit, type Node } from '../../../src/ir/graph.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { reduceArithmetic } from '../../../src/ir/optimize/reduce-arithmetic.ts';
import { compare, equal, testKey, type Test } from '../../../src/ir/test.ts';
import { binary, bitAnd, constant, load, type BinaryOperator, type Value } from '../../../src/ir/value.ts';
import { drop, match, noMatch } from '../../../src/ir/verdict.ts';

const byte = load(0, 1);
const half = load(0, 2);

function of(operator: BinaryOperator, left: Value, right: Value | number): Value {
  return binary(operator, left, typeof right === 'number' ? constant(right) : right);
}

function nodeOf(test: Test): Node {
  return { kind: 'test', test, whenTrue: exit(match), whenFalse: exit(noMatch), whenFailing: exit(drop) };
}

const reductions: readonly (readonly [what: string, before: Test, after: Test])[] = [
  [
    'a field at the upper end of a byte',
    equal(of('shift-right', bitAnd(byte, 0xfc), 2), 46),
    equal(bitAnd(byte, 0xfc), 184),
  ],
  ['a header length', equal(of('shift-left', bitAnd(byte, 0x0f), 2), 20), equal(bitAnd(byte, 0x0f), 5)],
  ['a remainder', equal(of('modulo', half, 4), 1), equal(bitAnd(half, 3), 1)],
  ['a quotient', compare('greater', of('divide', half, 256), 7), compare('greater-or-equal', half, 2048)],
  ['a mask of all bits', equal(bitAnd(half, 0xffff), 7), equal(half, 7)],
  ['a difference', equal(of('subtract', byte, half), 0), equal(byte, half)],
];

describe('ir/optimize/reduce-arithmetic', () => {
  for (const [what, before, after] of reductions) {
    it(`${what}, for every number`, () => {
      const reduced = reduceArithmetic(nodeOf(before));
      if (reduced.kind !== 'test') throw new Error('the test is gone');
      expect(testKey(reduced.test)).to.equal(testKey(after));
      for (let number = 0; number < 0x10000; number++) {
        const packet = { bytes: Uint8Array.of(number >> 8, number & 255), length: 2 };
        expect(evaluate(reduced, packet).verdict, String(number)).to.equal(evaluate(nodeOf(before), packet).verdict);
      }
    });
  }

  it('leaves a shift alone whose result no number gives', () => {
    const test = equal(of('shift-left', bitAnd(byte, 0x0f), 2), 21);
    const reduced = reduceArithmetic(nodeOf(test));
    expect(reduced.kind === 'test' && reduced.test).to.equal(test);
  });
});

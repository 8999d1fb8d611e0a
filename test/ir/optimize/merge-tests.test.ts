import { expect } from 'chai';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { exit, graphOf, topologicalOrder, type Node } from '../../../src/ir/graph.ts';
import { mergeTests } from '../../../src/ir/optimize/merge-tests.ts';
import { and, or, testing, type Predicate } from '../../../src/ir/predicate.ts';
import { anyBit, equal } from '../../../src/ir/test.ts';
import { add, ipv4HeaderLength, load } from '../../../src/ir/value.ts';
import { drop, match, noMatch } from '../../../src/ir/verdict.ts';

function filter(predicate: Predicate): Node {
  const reject = exit(noMatch);
  return graphOf(predicate, exit(match), reject, reject);
}

function testsOf(entry: Node): number {
  return topologicalOrder(entry).filter(({ kind }) => kind === 'test').length;
}

/** Every packet of so many bytes, each 0, 1 or 2, at every captured length. */
function expectSameOutcomes(first: Node, second: Node, length: number): void {
  for (let number = 0; number < 3 ** length; number++) {
    const bytes = Uint8Array.from({ length }, (_, place) => Math.floor(number / 3 ** place) % 3);
    for (let captured = 0; captured <= length; captured++) {
      const packet = { bytes: bytes.slice(0, captured), length };
      expect(evaluate(second, packet)).to.deep.equal(evaluate(first, packet));
    }
  }
}

describe('ir/optimize/merge-tests', () => {
  it('makes one test of two masks', () => {
    const entry = filter(or(testing(anyBit(load(0, 1), 1)), testing(anyBit(load(0, 1), 2))));
    const merged = mergeTests(entry);
    expect(testsOf(merged)).to.equal(1);
    expectSameOutcomes(entry, merged, 2);
  });

  it('makes one load of two neighbours, whichever is asked first', () => {
    for (const [first, second] of [
      [0, 2],
      [2, 0],
    ] as const) {
      const entry = filter(and(testing(equal(load(first, 2), 0x0102)), testing(equal(load(second, 2), 0x0200))));
      const merged = mergeTests(entry);
      expect(testsOf(merged)).to.equal(1);
      expectSameOutcomes(entry, merged, 5);
    }
  });

  it('makes one load of two neighbours behind a computed header', () => {
    const port = (offset: number) => load(add(ipv4HeaderLength(0), offset), 1);
    const entry = filter(and(testing(equal(port(1), 1)), testing(equal(port(2), 2))));
    const merged = mergeTests(entry);
    expect(testsOf(merged)).to.equal(1);
    expectSameOutcomes(entry, merged, 6);
  });

  it('finds a neighbour behind other conditions', () => {
    const byteIs = (offset: number, number: number) => testing(equal(load(offset, 1), number));
    const entry = filter(and(byteIs(0, 1), byteIs(4, 1), byteIs(2, 0), byteIs(1, 2)));
    const merged = mergeTests(entry);
    expect(testsOf(merged)).to.equal(3);
    expectSameOutcomes(entry, merged, 6);
  });

  it('keeps two loads apart where a failure is told from a difference', () => {
    const predicate = and(testing(equal(load(0, 1), 1)), testing(equal(load(1, 1), 2)));
    const entry = graphOf(predicate, exit(match), exit(noMatch), exit(drop));
    expect(mergeTests(entry)).to.equal(entry);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { checkGraph } from '../../../src/ir/check.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { exit, graphOf, topologicalOrder, type Node } from '../../../src/ir/graph.ts';
import { optimize, passes, relaxedPasses } from '../../../src/ir/optimize/index.ts';
import { and, not, or, testing, type Predicate } from '../../../src/ir/predicate.ts';
import { equal } from '../../../src/ir/test.ts';
import { load } from '../../../src/ir/value.ts';
import { drop, match, noMatch } from '../../../src/ir/verdict.ts';
import { randomPacket, randomPredicate } from '../../support/random-graph.ts';

/** Three exits, so that a failure taken for an answer shows. */
function entryOf(predicate: Predicate): Node {
  return graphOf(predicate, exit(match), exit(noMatch), exit(drop));
}

function size(entry: Node): number {
  return topologicalOrder(entry).length;
}

const options = { variables: 2, present: true, metadata: true, depth: 4 };

describe('ir/optimize', () => {
  for (const pass of new Set(passes)) {
    it(`${pass.name}: the same outcome for every packet, failing loads included`, () => {
      fc.assert(
        fc.property(
          randomPredicate(options),
          fc.array(randomPacket(options), { minLength: 8 }),
          (predicate, packets) => {
            const entry = entryOf(predicate);
            const better = pass.run(entry);
            expect(checkGraph({ linkType: 'EN10MB', entry: better })).to.deep.equal([]);
            for (const packet of packets) expect(evaluate(better, packet)).to.deep.equal(evaluate(entry, packet));
          },
        ),
        { numRuns: 300 },
      );
    });
  }

  for (const pass of relaxedPasses.filter((each) => !passes.includes(each))) {
    it(`${pass.name}: the same outcome for every packet in which no load fails`, () => {
      fc.assert(
        fc.property(
          randomPredicate(options),
          fc.array(randomPacket(options), { minLength: 8 }),
          (predicate, packets) => {
            // Whatever may fail into no match is relaxed: the third exit is one, and no other leads there.
            const entry = graphOf(predicate, exit(match), exit(drop), exit(noMatch));
            const better = pass.run(entry);
            for (const packet of packets) {
              const outcome = evaluate(entry, packet);
              if (outcome.verdict.kind !== 'no-match') expect(evaluate(better, packet)).to.deep.equal(outcome);
            }
          },
        ),
        { numRuns: 300 },
      );
    });

    it(`${pass.name}: failures that lead elsewhere than into no match stay`, () => {
      fc.assert(
        fc.property(
          randomPredicate(options),
          fc.array(randomPacket(options), { minLength: 8 }),
          (predicate, packets) => {
            const entry = entryOf(predicate);
            const better = pass.run(entry);
            for (const packet of packets) expect(evaluate(better, packet)).to.deep.equal(evaluate(entry, packet));
          },
        ),
        { numRuns: 300 },
      );
    });
  }

  it('relaxed, a load of a header may go, one of what a whole packet may lack stays', () => {
    const eitherWay = (offset: number) => {
      const asked = testing(equal(load(offset, 2), 1));
      const entry = graphOf(or(asked, not(asked)), exit(match), exit(noMatch), exit(noMatch));
      return size(relaxedPasses.reduce((graph, pass) => pass.run(graph), entry));
    };
    expect(eitherWay(26)).to.equal(1);
    expect(eitherWay(100)).to.equal(3);
  });

  it('all passes together keep the outcome and do not let a graph grow much', () => {
    fc.assert(
      fc.property(randomPredicate(options), fc.array(randomPacket(options), { minLength: 8 }), (predicate, packets) => {
        const entry = entryOf(predicate);
        const better = optimize({ linkType: 'EN10MB', entry }).entry;
        // A masked equality may become two comparisons.
        expect(size(better)).to.be.at.most(2 * size(entry));
        for (const packet of packets) expect(evaluate(better, packet)).to.deep.equal(evaluate(entry, packet));
      }),
      { numRuns: 300 },
    );
  });

  it('asks nothing twice', () => {
    const type = load(12, 2);
    const ip = testing(equal(type, 0x800));
    const arp = testing(equal(type, 0x806));
    const protocol = (number: number): Predicate => testing(equal(load(23, 1), number));
    const entry = entryOf(or(and(ip, protocol(6)), and(ip, protocol(17)), and(arp, not(ip))));
    const better = optimize({ linkType: 'EN10MB', entry }).entry;
    // type, two protocols, arp; three exits
    expect(size(better)).to.equal(7);
  });

  it('keeps a list of ten thousand linear', () => {
    const entry = entryOf(or(...Array.from({ length: 10_000 }, (_, i) => testing(equal(load(26, 4), 2 * i)))));
    const started = performance.now();
    const better = optimize({ linkType: 'EN10MB', entry }).entry;
    expect(size(better)).to.be.below(13_000);
    expect(performance.now() - started).to.be.below(5_000);
  });
});

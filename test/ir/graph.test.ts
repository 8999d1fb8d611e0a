import { expect } from 'chai';
import fc from 'fast-check';
import { checkGraph } from '../../src/ir/check.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit, graphOf, rebuild, successorsOf, topologicalOrder, type Node } from '../../src/ir/graph.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { and, assigning, or, testing, type Predicate } from '../../src/ir/predicate.ts';
import { printGraph } from '../../src/ir/print.ts';
import { equal } from '../../src/ir/test.ts';
import { load, variable } from '../../src/ir/value.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import { filterGraph, randomPredicate } from '../support/random-graph.ts';

const fail = exit(noMatch);

describe('ir/graph', () => {
  it('orders every node before its successors', () => {
    fc.assert(
      fc.property(
        randomPredicate({ variables: 2, present: true, metadata: true }).map((predicate) => filterGraph(predicate)),
        (graph) => {
          const order = topologicalOrder(graph.entry);
          const place = new Map(order.map((node, index) => [node, index]));
          for (const node of order) {
            for (const successor of successorsOf(node)) {
              expect(place.get(successor)).to.be.greaterThan(place.get(node) as number);
            }
          }
          expect(checkGraph(graph)).to.deep.equal([]);
        },
      ),
    );
  });

  it('leaves a graph that no change touches as it is', () => {
    fc.assert(
      fc.property(
        randomPredicate({ variables: 2 }).map((predicate) => filterGraph(predicate)),
        ({ entry }) => {
          expect(rebuild(entry, (node) => node)).to.equal(entry);
        },
      ),
    );
  });

  it('takes lists and left-nested filters a hundred thousand deep', () => {
    const deep = 100_000;
    const tests = Array.from({ length: deep }, (_, i) => testing(equal(load(0, 4), i)));
    const list = graphOf(or(...tests), exit(match), fail, fail);
    let nested: Predicate = tests[0] as Predicate;
    for (let i = 1; i < deep; i++) nested = (i % 2 === 0 ? and : or)(nested, tests[i] as Predicate);
    const chain = graphOf(nested, exit(match), fail, fail);
    expect(topologicalOrder(list).length).to.equal(deep + 2);
    expect(topologicalOrder(chain).length).to.equal(deep + 2);
    expect(evaluate(list, wholePacket(Uint8Array.of(0, 1, 0x86, 0x9f))).verdict).to.equal(match);
  });
});

describe('ir/check', () => {
  it('names a variable that is read on a path that did not assign it', () => {
    const read: Node = graphOf(testing(equal(variable(0), 1)), exit(match), fail, fail);
    const entry = graphOf(
      testing(equal(load(0, 1), 1)),
      graphOf(assigning(0, load(1, 1)), read, fail, fail),
      read,
      fail,
    );
    expect(checkGraph({ linkType: 'RAW', entry })).to.deep.equal(['node 2: variable 0 is read before it is assigned']);
  });

  it('names constants and counters that are out of range', () => {
    const test = equal(load(0, 1), { kind: 'constant', value: -1 });
    const entry: Node = { kind: 'count', counter: 3, next: graphOf(testing(test), exit(match), fail, fail) };
    expect(checkGraph({ linkType: 'RAW', entry }, 3)).to.deep.equal([
      'node 0: counter 3 of 3',
      'node 1: constant -1 is not 32-bit',
    ]);
  });
});

describe('ir/print', () => {
  it('shows every node with its edges', () => {
    const entry = graphOf(
      and(testing(equal(load(12, 2), 0x800)), testing(equal(load(23, 1), 6))),
      exit(match),
      fail,
      fail,
    );
    expect(printGraph({ linkType: 'EN10MB', entry })).to.equal(
      [
        'link type EN10MB',
        '0: if packet[12 : 2] == 0x800: true 1, false 3, fail 3',
        '1: if packet[23 : 1] == 6: true 2, false 3, fail 3',
        '2: match',
        '3: no-match',
        '',
      ].join('\n'),
    );
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { evaluate } from '../../src/ir/evaluate.ts';
import { count, exit, graphOf, type Node } from '../../src/ir/graph.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { or, testing, type Predicate } from '../../src/ir/predicate.ts';
import { equal, present } from '../../src/ir/test.ts';
import { add, binary, constant, ipv4HeaderLength, load, lookup, packetLength, type Value } from '../../src/ir/value.ts';
import type { TableReference, Tables } from '../../src/ir/table.ts';
import { drop, match, noMatch, pass, verdictKey } from '../../src/ir/verdict.ts';
import { compileToJavaScript } from '../../src/javascript/compile.ts';
import { generate, nodesPerFunction } from '../../src/javascript/generate.ts';
import { batchOf } from '../support/batch.ts';
import { randomPacket, randomPredicate, type RandomOptions } from '../support/random-graph.ts';

const verdicts = [noMatch, match, pass, drop];
const outcomeOf = (verdict: { kind: string }): number => verdicts.findIndex(({ kind }) => kind === verdict.kind);

interface Result {
  readonly outcomes: readonly number[];
  readonly packets: readonly number[];
  readonly bytes: readonly number[];
}

function runGenerated(entry: Node, packets: readonly Packet[], counters: number): Result {
  const outcomes = new Uint16Array(packets.length).fill(0xffff);
  const counted = [new Float64Array(counters), new Float64Array(counters)] as const;
  compileToJavaScript(entry, outcomeOf)(batchOf(packets), outcomes, ...counted);
  return { outcomes: [...outcomes], packets: [...counted[0]], bytes: [...counted[1]] };
}

function runEvaluator(entry: Node, packets: readonly Packet[], counters: number): Result {
  const counted = { packets: Array<number>(counters).fill(0), bytes: Array<number>(counters).fill(0) };
  const outcomes = packets.map((packet) => {
    const outcome = evaluate(entry, packet);
    for (const counter of outcome.counted) {
      counted.packets[counter] = (counted.packets[counter] as number) + 1;
      counted.bytes[counter] = (counted.bytes[counter] as number) + packet.length;
    }
    return verdicts.findIndex((verdict) => verdictKey(verdict) === verdictKey(outcome.verdict));
  });
  return { outcomes, ...counted };
}

/** A packet cut at every length. */
function truncations(packet: Packet): readonly Packet[] {
  return Array.from({ length: packet.bytes.length + 1 }, (_, length) => ({
    ...packet,
    bytes: packet.bytes.subarray(0, length),
  }));
}

function expectAgreement(entry: Node, packets: readonly Packet[], counters = 0): void {
  expect(runGenerated(entry, packets, counters)).to.deep.equal(runEvaluator(entry, packets, counters));
}

function filterOf(predicate: Predicate): Node {
  return graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
}

/** The rules one after another, each with a counter, failing rules passing on to the next: the shape of a policy. */
function policyOf(rules: readonly Predicate[]): Node {
  return rules.reduceRight<Node>(
    (next, rule, index) =>
      graphOf(rule, count(index, index % 3 === 2 ? next : exit(index % 3 === 1 ? drop : pass)), next, next),
    exit(pass),
  );
}

describe('javascript: generated code', () => {
  const options: RandomOptions = { variables: 3, metadata: true, present: true };

  it('agrees with the evaluator on random filters, at every truncation', () => {
    fc.assert(
      fc.property(randomPredicate(options), randomPacket(options), (predicate, packet) => {
        expectAgreement(filterOf(predicate), truncations(packet));
      }),
      { numRuns: 1500 },
    );
  });

  it('agrees with the evaluator on random policies, counters included', () => {
    const rules = fc.array(randomPredicate({ ...options, depth: 2 }), { maxLength: 8 });
    fc.assert(
      fc.property(rules, fc.array(randomPacket(options), { maxLength: 20 }), (predicates, packets) => {
        expectAgreement(policyOf(predicates), packets, predicates.length);
      }),
      { numRuns: 300 },
    );
  });

  it('agrees with the evaluator on graphs that are cut into many functions', () => {
    const rules = fc.array(randomPredicate({ ...options, depth: 2 }), { minLength: 400, maxLength: 500 });
    fc.assert(
      fc.property(rules, fc.array(randomPacket(options), { minLength: 5, maxLength: 20 }), (predicates, packets) => {
        expectAgreement(policyOf(predicates), packets, predicates.length);
      }),
      { numRuns: 8 },
    );
  });

  it('takes a list of ten thousand hosts', () => {
    const hosts = Array.from({ length: 10_000 }, (_, index) => testing(equal(load(26, 4), 0x0a000000 + index)));
    const packet = (host: number): Packet => {
      const bytes = new Uint8Array(40);
      new DataView(bytes.buffer).setUint32(26, host);
      return { bytes, length: 40 };
    };
    const packets = [0x0a000000, 0x0a000000 + nodesPerFunction, 0x0a00270f, 0x0a002710].map(packet);
    expect(runGenerated(filterOf(or(...hosts)), packets, 0).outcomes).to.deep.equal([1, 1, 1, 0]);
  });

  it('has jumps between distant functions go to the right node', () => {
    // Every node may jump far ahead: to its neighbour, or a third of the way to the end.
    const length = 3 * nodesPerFunction + 7;
    const nodes: Node[] = [];
    for (let i = length - 1; i >= 0; i--) {
      const next = nodes[length - i - 2] ?? exit(match);
      const far = nodes[Math.floor((length - i - 2) * 0.66)] ?? exit(noMatch);
      nodes[length - i - 1] = {
        kind: 'test',
        test: equal(binary('and', load(i % 40, 1), constant(1 << (i % 8))), 0),
        whenTrue: next,
        whenFalse: far,
        whenFailing: exit(noMatch),
      };
    }
    fc.assert(
      fc.property(fc.array(randomPacket(), { minLength: 1, maxLength: 50 }), (packets) => {
        expectAgreement(nodes[length - 1] as Node, packets);
      }),
      { numRuns: 40 },
    );
  });

  it('runs a graph that is an exit alone', () => {
    expect(runGenerated(exit(match), truncations({ bytes: new Uint8Array(2), length: 2 }), 0).outcomes).to.deep.equal([
      1, 1, 1,
    ]);
  });

  describe('at the edges of 32 bits', () => {
    const packet: Packet = {
      bytes: Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x45, 0, 0, 0, 0x80, 0, 0, 0),
      length: 0xffff_ffff,
    };
    const results: readonly (readonly [name: string, value: Value, result: number])[] = [
      ['a sum wraps', add(load(0, 4), 1), 0],
      ['a difference wraps', binary('subtract', load(5, 1), constant(1)), 0xffff_ffff],
      ['a product wraps', binary('multiply', load(0, 4), load(0, 4)), 1],
      ['a quotient is unsigned', binary('divide', load(0, 4), constant(2)), 0x7fff_ffff],
      ['a remainder is unsigned', binary('modulo', load(8, 4), constant(10)), 0x8000_0000 % 10],
      ['a conjunction is unsigned', binary('and', load(0, 4), load(8, 4)), 0x8000_0000],
      ['a shift by 32 gives nothing', binary('shift-left', load(0, 4), add(load(5, 1), 32)), 0],
      ['a constant shift by 32 gives nothing', binary('shift-right', load(0, 4), constant(32)), 0],
      ['a length is unsigned', packetLength, 0xffff_ffff],
      ['the IPv4 header length', ipv4HeaderLength(4), 20],
    ];
    for (const [name, value, result] of results) {
      it(name, () => {
        expect(runGenerated(filterOf(testing(equal(value, result))), [packet], 0).outcomes).to.deep.equal([1]);
      });
    }

    it('an offset near 2^32 is outside the packet, not wrapped into it', () => {
      const far = testing(equal(load(add(load(0, 4), 0), 4), 0));
      expect(runGenerated(graphOf(far, exit(match), exit(match), exit(drop)), [packet], 0).outcomes).to.deep.equal([3]);
    });

    it('a division by zero fails', () => {
      const division = testing(equal(binary('divide', load(0, 4), load(5, 1)), 0));
      const entry = graphOf(division, exit(match), exit(match), exit(drop));
      expect(runGenerated(entry, [packet], 0).outcomes).to.deep.equal([3]);
    });
  });

  it('checks a length once where one test dominates the other', () => {
    const both = graphOf(
      testing(equal(load(12, 2), 0x800)),
      filterOf(testing(equal(load(4, 4), 7))),
      exit(noMatch),
      exit(noMatch),
    );
    expect(generate(both, outcomeOf).source.match(/if \(c < /g)).to.have.length(1);
  });

  it('takes a presence test for a check', () => {
    const both = graphOf(
      testing(present(0, 20)),
      filterOf(testing(equal(load(16, 4), 7))),
      exit(noMatch),
      exit(noMatch),
    );
    expect(generate(both, outcomeOf).source).not.to.contain('if (c < ');
  });

  it('asks tables as the graph says', () => {
    const ports: TableReference = { name: 'web', space: 'port' };
    const pairs: TableReference = { name: 'cameras', space: 'mac' };
    const tables: Tables = ({ name }, key) => (name === 'web' ? Number(key[0] === 80) : Number(key.join() === '1,2'));
    const entry = graphOf(
      or(testing(equal(lookup(ports, load(0, 2)), 1)), testing(equal(lookup(pairs, load(0, 4), load(4, 2)), 1))),
      exit(match),
      exit(noMatch),
      exit(drop),
    );
    const packets = [[0, 80], [0, 81, 0, 0], [0, 81, 0, 0, 0, 0], [0, 81], [0, 0, 0, 1, 0, 2], []].map((bytes) => ({
      bytes: Uint8Array.from(bytes),
      length: bytes.length,
    }));
    const outcomes = new Uint16Array(packets.length);
    compileToJavaScript(entry, outcomeOf, tables)(batchOf(packets), outcomes, new Float64Array(0), new Float64Array(0));
    const expected = packets.map((packet) => outcomeOf(evaluate(entry, packet, tables).verdict));
    expect([...outcomes]).to.deep.equal(expected);
    expect(new Set(expected).size).to.equal(3);
  });
});

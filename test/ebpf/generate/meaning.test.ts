import { expect } from 'chai';
import fc from 'fast-check';
import { codeSize } from '../../../src/ebpf/generate/code-size.ts';
import { disassemble } from '../../../src/ebpf/disassemble.ts';
import { createInterpreter, interpret } from '../../../src/ebpf/interpret/interpret.ts';
import { createMaps } from '../../../src/ebpf/interpret/maps.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import { exit, type Graph } from '../../../src/ir/graph.ts';
import { wholePacket, type Packet } from '../../../src/ir/packet.ts';
import { and, assigning, not, or, testing, type Predicate } from '../../../src/ir/predicate.ts';
import { anyBit, compare, equal, present } from '../../../src/ir/test.ts';
import { add, binary, constant, load, packetLength, variable, type Value } from '../../../src/ir/value.ts';
import { match } from '../../../src/ir/verdict.ts';
import { filterGraph, randomPacket, randomPredicate, truncations } from '../../support/random-graph.ts';
import { hooks } from '../hooks.ts';
import { countingRules, droppingRules, filter, sourceAddress, tcpPort, tcpSegment } from './graphs.ts';

/** The program gives the graph's verdict for every way in which the packet may be readable. */
function expectMeaning(graph: Graph, packets: readonly Packet[], linears: readonly number[]): void {
  for (const { name, generate, codeOf, show } of hooks) {
    const program = generate(graph);
    const interpreter = createInterpreter(program);
    for (const packet of packets.map(show)) {
      const { verdict, counted } = evaluate(graph.entry, packet);
      for (const linear of [packet.bytes.length, ...linears]) {
        const maps = createMaps(program);
        const run = interpret(interpreter, packet, { maps, linear });
        const place = `${name}, ${packet.bytes.length} bytes, ${linear} readable\n${disassemble(program.instructions)}`;
        expect(run.returnValue, place).to.equal(codeOf(verdict));
        if (counted.length > 0)
          expect(countsOf(maps), place).to.deep.equal(expectedCounts(maps, counted, packet.length));
      }
    }
  }
}

type Maps = ReturnType<typeof createMaps>;

function countsOf(maps: Maps): readonly (readonly [packets: number, bytes: number])[] {
  const map = maps.get('counters');
  return Array.from({ length: map?.spec.maxEntries ?? 0 }, (_, index) => {
    const value = map?.lookup(Uint8Array.of(index, index >> 8, 0, 0)) as Uint8Array;
    const view = new DataView(value.buffer, value.byteOffset);
    return [Number(view.getBigUint64(0, true)), Number(view.getBigUint64(8, true))] as const;
  });
}

function expectedCounts(maps: Maps, counted: readonly number[], length: number): ReturnType<typeof countsOf> {
  return countsOf(maps).map((_, index) => (counted.includes(index) ? [1, length] : [0, 0]));
}

const noise = Uint8Array.from({ length: 64 }, (_, index) => (index * 37 + 11) & 0xff);
const everyLength = truncations(wholePacket(noise));

describe('generated eBPF programs mean what their graph means', () => {
  it('for random graphs, packets, truncations and readable parts', () => {
    const options = { variables: 2, metadata: true, present: true, depth: 4, valueDepth: 3 };
    const packets = fc.array(randomPacket(options), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(randomPredicate(options), packets, fc.nat(48), (predicate, whole, cut) => {
        const short = whole.map((packet) => ({ ...packet, bytes: packet.bytes.slice(0, cut) }));
        expectMeaning(filterGraph(predicate), [...whole, ...short], [cut, 0]);
      }),
      { numRuns: 600 },
    );
  });

  it('for tcp port, at every length and with every part readable', () => {
    const graph = filter(tcpPort(22));
    for (const bytes of [tcpSegment(1, 22, 1000), tcpSegment(1, 1000, 22, 8), tcpSegment(1, 5, 6)]) {
      const packets = truncations(wholePacket(bytes));
      expectMeaning(graph, packets, [0, 13, 14, 24, 33, 37, 38, 53]);
    }
  });

  it('for rules that drop and rules that only count', () => {
    const rules = [tcpPort(22), sourceAddress(0x0a000001), not(tcpPort(80)), sourceAddress(0x0a000002)];
    for (const graph of [droppingRules(rules), countingRules(rules)]) {
      for (const bytes of [tcpSegment(0x0a000001, 22, 80), tcpSegment(0x0a000002, 80, 1), tcpSegment(3, 4, 5)]) {
        expectMeaning(graph, truncations(wholePacket(bytes)), [0, 14, 30]);
      }
    }
  });

  const offsets: readonly (readonly [string, Value])[] = [
    ['a byte', load(3, 1)],
    ['two bytes', load(4, 2)],
    ['four bytes', load(2, 4)],
    ['a sum that wraps', add(load(2, 4), 0xfffffff0)],
    ['the length', binary('subtract', packetLength, constant(4))],
    ['far away', constant(40000)],
    ['beyond all', constant(0xfffffffe)],
    ['a variable', variable(0)],
    ['a variable and 2^29', add(variable(0), 2 ** 29)],
    ['a load through a load', load(binary('and', load(3, 1), constant(15)), 1)],
  ];
  for (const [name, offset] of offsets) {
    it(`for a load at ${name}`, () => {
      const tests = [testing(compare('greater', load(offset, 1), 40)), testing(anyBit(load(add(offset, 1), 4), 0x10))];
      const setting = assigning(0, binary('and', load(5, 1), constant(31)));
      expectMeaning(filter(and(setting, or(...tests))), everyLength, [0, 8, 30]);
    });
    it(`for bytes present at ${name}`, () => {
      const setting = assigning(0, binary('and', load(5, 1), constant(31)));
      for (const size of [0, 1, 4, 20]) {
        expectMeaning(filter(and(setting, testing(present(offset, size)))), everyLength, [0, 8, 30]);
      }
    });
  }

  it('for arithmetic that eBPF would do otherwise', () => {
    const byte = load(0, 1);
    const values = [0, 1, 31, 32, 33, 0x7fffffff, 0x80000000, 0xffffffff].map(constant);
    const operands = [...values, binary('subtract', byte, constant(noise[0] as number)), load(1, 4)];
    const operators = ['divide', 'modulo', 'shift-left', 'shift-right', 'multiply', 'subtract', 'xor'] as const;
    for (const operator of operators) {
      for (const left of operands) {
        for (const right of operands) {
          const value: Value = { kind: 'binary', operator, left, right };
          const question = or(testing(compare('greater', value, 0x7fffffff)), testing(equal(value, 0)));
          expectMeaning(filter(question), [wholePacket(noise)], [0]);
        }
      }
    }
  });

  it('for fifty operators nested to either side, and for a full tree of 256 loads', () => {
    const nest = (make: (inner: Value, index: number) => Value): Value =>
      Array.from({ length: 50 }, (_, index) => index).reduce<Value>(make, load(0, 1));
    const tree = (depth: number, at: number): Value =>
      depth === 0 ? load(at % 40, 2) : binary('xor', tree(depth - 1, 2 * at), tree(depth - 1, 2 * at + 1));
    for (const value of [
      nest((inner, index) => binary('add', inner, load(index, 1))),
      nest((inner, index) => binary('subtract', load(index, 2), inner)),
      tree(8, 1),
    ]) {
      const predicate = testing(compare('greater', value, 0x1234));
      expectMeaning(filter(predicate), [wholePacket(noise), wholePacket(noise.slice(0, 20))], [0, 10]);
    }
  });

  it('for more tests than a jump can reach over', () => {
    const hosts = Array.from({ length: 20000 }, (_, index) => testing(equal(load(26, 4), 0x0a000000 + index)));
    const graph = filter(or(...(hosts as [Predicate, Predicate])));
    const program = (hooks[0] as (typeof hooks)[0]).generate(graph);
    expect(codeSize(program).fast).to.be.above(32768);
    const packets = [0, 6000, 19999, 20000].map((host) => wholePacket(tcpSegment(0x0a000000 + host, 1, 2)));
    expectMeaning(graph, packets, [20]);
  });

  it('for graphs without a question', () => {
    expectMeaning({ linkType: 'EN10MB', entry: exit(match) }, [wholePacket(noise)], []);
  });
});

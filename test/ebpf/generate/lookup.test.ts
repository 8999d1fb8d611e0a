import { expect } from 'chai';
import { disassemble } from '../../../src/ebpf/disassemble.ts';
import { interpret, createInterpreter } from '../../../src/ebpf/interpret/interpret.ts';
import { createMaps } from '../../../src/ebpf/interpret/maps.ts';
import type { Program } from '../../../src/ebpf/program.ts';
import { encodeElements, type StoredElement } from '../../../src/ebpf/table-entry.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import type { Graph } from '../../../src/ir/graph.ts';
import { wholePacket, type Packet } from '../../../src/ir/packet.ts';
import { and, not, or, testing } from '../../../src/ir/predicate.ts';
import { keyWidths, type KeySpace, type TableReference, type Tables } from '../../../src/ir/table.ts';
import { anyBit, compare, equal } from '../../../src/ir/test.ts';
import { add, binary, constant, ipv4HeaderLength, load, lookup } from '../../../src/ir/value.ts';
import { updateElement } from '../../../src/kernel/bpf/map.ts';
import { testRun } from '../../../src/kernel/bpf/test-run.ts';
import { load as loadProgram } from '../../../src/loader/load.ts';
import { openRealKernel } from '../../support/real-kernel.ts';
import { truncations } from '../../support/random-graph.ts';
import { hooks } from '../hooks.ts';
import { filter, tcpSegment } from './graphs.ts';

interface Entry {
  readonly key: readonly number[];
  /** Bits that count; all of them unless said. */
  readonly prefix?: number;
  readonly value: number;
}

const contents: Readonly<Record<KeySpace, readonly Entry[]>> = {
  ipv4: [
    { key: [0x0a000000], prefix: 8, value: 1 },
    { key: [0x0a010000], prefix: 16, value: 2 },
    { key: [0x0a010203], value: 7 },
  ],
  ipv6: [{ key: [0x0a010203, 0, 0, 0], prefix: 40, value: 4 }],
  port: [
    { key: [22], value: 1 },
    { key: [443], value: 1 },
  ],
  mac: [{ key: [0x01020304, 0x0506], value: 3 }],
};

const tables = Object.fromEntries(
  (Object.keys(contents) as KeySpace[]).map((space): [KeySpace, TableReference] => [
    space,
    { name: `a table of ${space}`, space },
  ]),
) as Record<KeySpace, TableReference>;

/** The meaning of a lookup, written to be read. */
const answer: Tables = ({ space }, key) => {
  const bits = (parts: readonly number[]): string =>
    parts.map((part, index) => part.toString(2).padStart(keyWidths[space][index] as number, '0')).join('');
  const fitting = contents[space].filter((entry) => bits(key).startsWith(bits(entry.key).slice(0, entry.prefix)));
  const longest = fitting.sort((a, b) => (b.prefix ?? 999) - (a.prefix ?? 999))[0];
  return longest?.value ?? 0;
};

const source = lookup(tables.ipv4, load(26, 4));
const port = lookup(tables.port, load(add(ipv4HeaderLength(14), 16), 2));
const mac = lookup(tables.mac, load(6, 4), load(10, 2));
const inner = lookup(tables.ipv6, load(26, 4), constant(0), load(14, 4), binary('add', load(34, 2), constant(1)));

const graphs: Readonly<Record<string, Graph>> = {
  'a set of addresses': filter(testing(equal(source, 1))),
  'a bit of what is stored': filter(or(testing(anyBit(source, 2)), testing(anyBit(port, 1)))),
  'ports behind a header of any length': filter(testing(compare('greater', port, 0))),
  'Ethernet addresses': filter(and(testing(equal(mac, 3)), testing(equal(load(12, 2), 0x800)))),
  'IPv6 addresses of computed parts': filter(testing(equal(inner, 4))),
  'two lookups in one test': filter(testing(equal(source, port))),
  'a lookup as key of another': filter(testing(equal(lookup(tables.ipv4, binary('add', source, load(26, 4))), 2))),
  'a lookup as an offset': filter(testing(equal(load(add(source, 12), 2), 0x0800))),
  'arithmetic with an answer': filter(not(testing(compare('greater', binary('multiply', source, constant(3)), 5)))),
  'what is asked after a lookup': filter(
    and(testing(equal(port, 1)), testing(equal(source, 7)), testing(equal(load(34, 2), 5))),
  ),
};

const segments = [
  tcpSegment(0x0a010203, 5, 22),
  tcpSegment(0x0a010204, 443, 443, 4),
  tcpSegment(0x0a020000, 5, 22),
  tcpSegment(0x0b000000, 5, 22),
];
for (const segment of segments.slice(0, 3)) segment.set([1, 2, 3, 4, 5, 6], 6);

function fill(program: Program, update: (map: string, key: Uint8Array, value: Uint8Array) => void): void {
  for (const { table, map, layout } of program.tables ?? []) {
    const stored = contents[table.space].map((entry) => storedElement(table.space, entry));
    for (const { key, value } of encodeElements(layout, stored)) update(map, key, value);
  }
}

function storedElement(space: KeySpace, { key, prefix, value }: Entry): StoredElement {
  const [first = 0] = key;
  if (space === 'port') return { element: { kind: 'ports', first, last: first } };
  const address = Uint8Array.from(
    key.flatMap((part, index) => {
      const bits = keyWidths[space][index] as number;
      return Array.from({ length: bits / 8 }, (_, byte) => part >>> (bits - 8 - 8 * byte));
    }),
  );
  if (space === 'mac') return { element: { kind: 'mac', address }, number: value };
  return { element: { kind: 'network', address, prefixLength: prefix ?? address.length * 8 }, number: value };
}

describe('lookups in tables', () => {
  for (const [name, graph] of Object.entries(graphs)) {
    for (const hook of hooks) {
      it(`${hook.name}: ${name}`, () => {
        const program = hook.generate(graph);
        const interpreter = createInterpreter(program);
        const maps = createMaps(program);
        fill(program, (map, key, value) => maps.get(map)?.update(key, value, 0));
        const packets = segments.flatMap((bytes) => truncations(wholePacket(bytes)));
        const verdicts = packets.map((packet) => {
          const { verdict } = evaluate(graph.entry, packet, answer);
          for (const linear of [packet.bytes.length, 0, 20]) {
            const run = interpret(interpreter, packet, { maps, linear });
            expect(run.returnValue, disassemble(program.instructions)).to.equal(hook.codeOf(verdict));
          }
          return verdict.kind;
        });
        expect(new Set(verdicts), 'both verdicts occur').to.have.property('size', 2);
      });
    }
  }

  it('in the kernel', async function () {
    const kernel = await openRealKernel(this);
    const packets = segments.flatMap((bytes): Packet[] => [wholePacket(bytes), wholePacket(bytes.slice(0, 36))]);
    for (const [name, graph] of Object.entries(graphs)) {
      for (const hook of hooks) {
        const program = hook.generate(graph);
        const loaded = loadProgram(kernel, program);
        try {
          fill(program, (map, key, value) => updateElement(kernel, loaded.maps.get(map) as number, key, value));
          for (const packet of packets) {
            const { returnValue } = testRun(kernel, loaded.descriptor, { data: packet.bytes });
            const { verdict } = evaluate(graph.entry, packet, answer);
            expect(returnValue | 0, `${hook.name}: ${name}`).to.equal(hook.codeOf(verdict));
          }
        } finally {
          loaded.close();
        }
      }
    }
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { mixedFrames } from '../../../scripts/pcap-packets.ts';
import { generate } from '../../../src/cbpf/generate.ts';
import { compile } from '../../../src/compiler/compile.ts';
import type { Names } from '../../../src/compiler/names.ts';
import { exit, graphOf, type Graph } from '../../../src/ir/graph.ts';
import { optimize } from '../../../src/ir/optimize/index.ts';
import { wholePacket, type Packet } from '../../../src/ir/packet.ts';
import { always, or, testing } from '../../../src/ir/predicate.ts';
import { equal } from '../../../src/ir/test.ts';
import { add, binary, load, packetLength } from '../../../src/ir/value.ts';
import { match, noMatch } from '../../../src/ir/verdict.ts';
import { openClassicKernel, type ClassicKernel } from '../../support/classic-kernel.ts';
import {
  filterGraph,
  randomPacket,
  randomPredicate,
  truncations,
  type RandomOptions,
} from '../../support/random-graph.ts';
import { matches, programOf } from './verdict.ts';

const capture = { target: 'capture' } as const;
const socket = { target: 'socket' } as const;

const filters = [
  'tcp port 22',
  'not port 53',
  'port 22 or port 80 or port 123',
  'portrange 20-30 or portrange 4000-6000',
  'host 192.0.2.1 and not host 198.51.100.9',
  'src net 2001:db8::/33 or dst net 192.0.2.0/30',
  'ip6 and udp',
  'arp or (icmp or icmp6)',
  'ether host 02:00:00:00:00:01 and less 100',
  'tcp[tcpflags] & (tcp-syn|tcp-ack) = tcp-syn',
  'ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2) != 0',
  'ip[ip[0] & 0x1f] = 4 or ether[len - 1] = 0',
  'ether[0x7fffffff] = 0 or ip',
  'not ether[4294967200:4] = 0',
  'ip[4:4] << ip[8] != 0 or ip[4:4] >> ip[9] = 0',
  '1 / (ip[9] - 6) = 0',
  'vlan 7 and tcp',
];

const noNames: Names = {
  host: () => [],
  service: () => [],
  protocol: () => undefined,
  network: () => undefined,
  ethernet: () => undefined,
};

function graphOfFilter(text: string): Graph {
  const { predicate } = compile({ name: 'filter', text }, { linkType: 'EN10MB', names: noNames });
  const reject = exit(noMatch);
  return { linkType: 'EN10MB', entry: graphOf(predicate, exit(match), reject, reject) };
}

describe('classic programs', () => {
  describe('mean what the graph means', () => {
    const options: RandomOptions = { variables: 3, depth: 4, valueDepth: 3 };

    it('random graphs over captures, cut at every length', () => {
      fc.assert(
        fc.property(randomPredicate(options), randomPacket(options), (predicate, packet) => {
          const graph = filterGraph(predicate);
          const program = programOf(graph, capture);
          for (const cut of truncations(packet)) expect(program(cut)).to.equal(matches(graph, cut));
        }),
        { numRuns: 1500 },
      );
    });

    it('random graphs over sockets, with metadata', () => {
      const live = { ...options, metadata: true };
      fc.assert(
        fc.property(randomPredicate(live), randomPacket(live), (predicate, packet) => {
          const graph = filterGraph(predicate);
          const program = programOf(graph, socket);
          for (const cut of truncations(packet)) expect(program(cut)).to.equal(matches(graph, cut));
        }),
        { numRuns: 1500 },
      );
    });

    it('random graphs after all passes', () => {
      fc.assert(
        fc.property(randomPredicate(options), randomPacket(options), (predicate, packet) => {
          const graph = filterGraph(predicate);
          const program = programOf(optimize(graph), capture);
          for (const cut of truncations(packet)) expect(program(cut)).to.equal(matches(graph, cut));
        }),
        { numRuns: 500 },
      );
    });

    for (const filter of filters) {
      it(filter, () => {
        const graph = graphOfFilter(filter);
        const program = programOf(graph, capture);
        for (const frame of mixedFrames()) {
          for (const cut of truncations(wholePacket(frame))) expect(program(cut)).to.equal(matches(graph, cut));
        }
      });
    }
  });

  describe('mean the same in the kernel', () => {
    let machine: ClassicKernel;

    before(async function () {
      machine = await openClassicKernel(this);
    });

    function expectSame(graph: Graph, packets: readonly Packet[]): void {
      const { instructions } = generate(graph, socket);
      const kept = machine.run(
        instructions,
        packets.map(({ bytes }) => bytes),
      );
      expect(kept.map((length) => length !== undefined)).to.deep.equal(packets.map((packet) => matches(graph, packet)));
    }

    it('random graphs', () => {
      const options: RandomOptions = { variables: 3, depth: 4, valueDepth: 3 };
      const packets = fc.array(randomPacket(), { minLength: 3, maxLength: 6 });
      fc.assert(
        fc.property(randomPredicate(options), packets, (predicate, list) => {
          // The kernel knows no length but that of the bytes.
          const whole = list.flatMap(truncations).map(({ bytes }) => wholePacket(bytes));
          expectSame(filterGraph(predicate), whole);
        }),
        { numRuns: 1000 },
      );
    });

    for (const filter of filters) {
      it(filter, () => {
        expectSame(graphOfFilter(filter), mixedFrames().map(wholePacket));
      });
    }

    it('an index that comes out among the extensions reads nothing', () => {
      const packet = wholePacket(Uint8Array.from({ length: 64 }, (_, at) => at));
      // 0xfffff000 + 4 is the packet type, 0xffe00000 the start of the link header.
      for (const target of [0xfffff004, 0xfffff000, 0xffe00000, 0xfff00000, 0x80000000, 0xffffffff]) {
        const index = binary('subtract', load(0, 1), load(1, 1));
        const offset = add(binary('multiply', index, load(2, 1)), target + 2);
        for (const size of [1, 2, 4] as const) {
          const whatever = or(testing(equal(load(offset, size), 0)), always(true));
          expectSame(filterGraph(whatever), [packet]);
        }
      }
    });

    it('a packet of 0 bytes can match', () => {
      expectSame(filterGraph(testing(equal(packetLength, 0))), [wholePacket(new Uint8Array(0))]);
    });
  });
});

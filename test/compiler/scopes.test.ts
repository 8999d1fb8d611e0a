import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { compile, type CompileOptions } from '../../src/compiler/compile.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { hasFurtherTag, storeTransport } from '../../src/compiler/known-headers.ts';
import { checkGraph } from '../../src/ir/check.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit, graphOf, topologicalOrder, type Node } from '../../src/ir/graph.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { ipv4, ipv6, samplePackets, tcp, udp } from '../support/packets.ts';

const names = systemNames();

function graph(filter: string, options: Partial<CompileOptions> = {}): Node {
  const { predicate } = compile({ name: 'filter', text: filter }, { linkType: 'EN10MB', names, ...options });
  const entry = graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
  expect(checkGraph({ linkType: 'EN10MB', entry }), filter).to.deep.equal([]);
  return entry;
}

function matches(entry: Node, bytes: Uint8Array): boolean {
  return evaluate(entry, wholePacket(bytes)).verdict.kind === 'match';
}

/** Filters whose meaning does not hang on the length of the packet, nor on what the scopes change. */
const plainFilters = ['subset.json', 'language.json']
  .flatMap(
    (file) =>
      JSON.parse(readFileSync(new URL(`../../../test/filters/${file}`, import.meta.url), 'utf8')) as readonly string[],
  )
  .filter(
    (filter) =>
      filter !== '' &&
      !/\b(len|length|less|greater|vlan|mpls|pppoe[ds]|geneve|vxlan|protochain|ether|byte|multicast|broadcast|inbound|outbound|ifindex)\b/.test(
        filter,
      ),
  )
  .filter((filter) => compiles(filter));

function compiles(filter: string): boolean {
  try {
    compile({ name: 'filter', text: filter }, { linkType: 'EN10MB', names });
    return true;
  } catch (error) {
    if (error instanceof DiagnosticError) return false;
    throw error;
  }
}

const macs = Uint8Array.of(0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0, 0x11, 0x22, 0x33, 0x44, 0x55);

function frame(etherType: number, packet: Uint8Array, tags: readonly number[] = []): Uint8Array {
  const tagBytes = tags.flatMap((tpid) => [tpid >> 8, tpid & 0xff, 0x20, 0x64]);
  return Uint8Array.of(...macs, ...tagBytes, etherType >> 8, etherType & 0xff, ...packet);
}

const untagged = samplePackets('EN10MB')
  .map(({ bytes }) => bytes)
  .filter(
    (bytes) =>
      bytes.length >= 18 && ![0x8100, 0x88a8, 0x9100].includes(((bytes[12] as number) << 8) | (bytes[13] as number)),
  );

describe('anyvlan', () => {
  it('means behind no, one or two tags what the clauses mean without tags', () => {
    for (const filter of plainFilters) {
      const plain = graph(filter);
      for (const scoped of [graph(`anyvlan (${filter})`), graph(filter, { vlan: 'any' })]) {
        for (const bytes of untagged) {
          const etherType = ((bytes[12] as number) << 8) | (bytes[13] as number);
          const expected = matches(plain, bytes);
          for (const tags of [[], [0x8100], [0x88a8, 0x8100], [0x9100, 0x8100]]) {
            const tagged = Uint8Array.of(
              ...bytes.subarray(0, 12),
              ...frame(etherType, bytes.subarray(14), tags).subarray(12),
            );
            expect(
              matches(scoped, tagged),
              `${filter} with ${tags.length} tags on ${Buffer.from(bytes).toString('hex')}`,
            ).to.equal(expected);
          }
        }
      }
    }
  });

  it('looks past two tags at most, and leaves later text alone', () => {
    const packet = ipv4(6, tcp(1, 80));
    expect(matches(graph('anyvlan (tcp)'), frame(0x0800, packet, [0x8100, 0x8100, 0x8100]))).to.equal(false);
    expect(matches(graph('anyvlan (tcp port 80) and tcp'), frame(0x0800, packet, [0x8100]))).to.equal(false);
    expect(matches(graph('anyvlan (tcp port 80) and ether[12:2] = 0x8100'), frame(0x0800, packet, [0x8100]))).to.equal(
      true,
    );
    expect(matches(graph('not anyvlan (udp)'), frame(0x0800, packet, [0x8100]))).to.equal(true);
  });

  it('in another anyvlan adds nothing, however deep', () => {
    const packet = ipv4(6, tcp(1, 80));
    const nested = graph(`${'anyvlan ('.repeat(40)}tcp${')'.repeat(40)}`);
    expect(topologicalOrder(nested).length).to.equal(topologicalOrder(graph('anyvlan (tcp)')).length);
    for (const tags of [0, 1, 2, 3]) {
      const tagged = frame(
        0x0800,
        packet,
        Array.from({ length: tags }, () => 0x8100),
      );
      expect(matches(nested, tagged), `${tags} tags`).to.equal(tags <= 2);
    }
    // The frame in a tunnel has tags of its own.
    const inside = graph('anyvlan (inner (anyvlan (tcp)))');
    expect(topologicalOrder(inside).length).to.be.above(topologicalOrder(graph('anyvlan (inner (tcp))')).length);
  });

  it('is not assumed for a filter that says vlan itself', () => {
    const tagged = frame(0x0800, ipv4(6, tcp(1, 80)), [0x8100]);
    expect(matches(graph('vlan 100 and tcp', { vlan: 'any' }), tagged)).to.equal(true);
    expect(matches(graph('not vlan and tcp', { vlan: 'any' }), tagged)).to.equal(false);
  });
});

const extension = {
  hopByHop: (next: number): number[] => [next, 0, 5, 2, 0, 0, 0, 0],
  long: (next: number): number[] => [next, 2, ...Array.from({ length: 22 }, () => 0xee)],
  atomic: (next: number): number[] => [next, 0, 0, 0, 0, 0, 0, 1],
  firstFragment: (next: number): number[] => [next, 0, 0, 1, 0, 0, 0, 1],
  laterFragment: (next: number): number[] => [next, 0, 1, 0, 0, 0, 0, 1],
  authentication: (next: number): number[] => [
    next,
    4,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    1,
    ...Array.from({ length: 12 }, () => 6),
  ],
};

describe('ext', () => {
  const transports: readonly (readonly [number, Uint8Array])[] = [
    [6, tcp(40000, 80, 0x12)],
    [17, udp(53, 5353)],
    [58, Uint8Array.of(0x80, 0, 0, 0, 0, 1, 0, 1)],
    [132, Uint8Array.of(0x13, 0x88, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0, 0)],
  ];
  // libpcap reads what stands on the right of an operator from other packets too; `ext` does not.
  const filters = plainFilters.filter((filter) => !/proto|ip6\[|esp|ah\b|[-+*/%] *\(+tcp\[/.test(filter));

  it('means behind extension headers what the clauses mean without them', () => {
    for (const filter of filters.filter((each) => !/(tcp|udp|sctp|pim)\[/.test(each))) {
      const plain = graph(filter);
      for (const scoped of [graph(`ext (${filter})`), graph(filter, { extensionHeaders: 'follow' })]) {
        for (const [protocol, packet] of transports) {
          const expected = matches(plain, frame(0x86dd, ipv6(protocol, packet)));
          const chains: readonly (readonly [number, readonly number[]])[] = [
            [protocol, []],
            [0, extension.hopByHop(protocol)],
            [60, extension.long(protocol)],
            [44, extension.atomic(protocol)],
            [51, extension.authentication(protocol)],
            [
              0,
              [
                ...extension.hopByHop(43),
                ...extension.long(44),
                ...extension.firstFragment(51),
                ...extension.authentication(60),
                ...extension.hopByHop(protocol),
              ],
            ],
          ];
          for (const [first, headers] of chains) {
            const bytes = frame(0x86dd, ipv6(first, Uint8Array.of(...headers, ...packet)));
            expect(matches(scoped, bytes), `${filter} on ${Buffer.from(bytes).toString('hex')}`).to.equal(expected);
          }
        }
      }
    }
  });

  it('changes nothing for other packets', () => {
    for (const filter of filters) {
      const [plain, scoped] = [graph(filter), graph(`ext (${filter})`)];
      for (const bytes of untagged.filter((each) => each[12] !== 0x86)) {
        expect(matches(scoped, bytes), `${filter} on ${Buffer.from(bytes).toString('hex')}`).to.equal(
          matches(plain, bytes),
        );
      }
    }
  });

  it('reads bytes of transport headers over IPv6 too', () => {
    const syn = tcp(40000, 80, 0x02);
    const overIpv6 = frame(0x86dd, ipv6(0, Uint8Array.of(...extension.hopByHop(6), ...syn)));
    const overIpv4 = frame(0x0800, ipv4(6, syn));
    for (const bytes of [overIpv4, overIpv6]) {
      expect(matches(graph('ext (tcp[tcpflags] & tcp-syn != 0)'), bytes)).to.equal(true);
      expect(matches(graph('ext (tcp[tcpflags] != tcp-syn)'), bytes)).to.equal(false);
      expect(matches(graph('ext (not tcp[2:2] = 80)'), bytes)).to.equal(false);
      expect(matches(graph('ext (tcp[(tcp[12] >> 4 << 2) - 18:2] = 80)'), bytes)).to.equal(true);
    }
    expect(matches(graph('tcp[tcpflags] & tcp-syn != 0'), overIpv6)).to.equal(false);
    const icmp6 = frame(0x86dd, ipv6(0, Uint8Array.of(...extension.hopByHop(58), 0x8f, 0, 0, 0)));
    expect(matches(graph('ext (icmp6[icmp6type] = icmp6-multicastlistenerreportv2)'), icmp6)).to.equal(true);
  });

  it('takes a later fragment for one of its protocol, but without ports', () => {
    const later = frame(0x86dd, ipv6(44, Uint8Array.of(...extension.laterFragment(6), ...tcp(80, 80))));
    expect(matches(graph('ext (tcp)'), later)).to.equal(true);
    expect(matches(graph('ext (udp)'), later)).to.equal(false);
    expect(matches(graph('ext (port 80)'), later)).to.equal(false);
  });

  it('ends after eight headers', () => {
    const chain = (length: number): Uint8Array =>
      frame(
        0x86dd,
        ipv6(
          length === 0 ? 6 : 60,
          Uint8Array.of(
            ...Array.from({ length }, (_, i) => extension.hopByHop(i === length - 1 ? 6 : 60)).flat(),
            ...tcp(1, 80),
          ),
        ),
      );
    expect(matches(graph('ext (tcp port 80)'), chain(8))).to.equal(true);
    expect(matches(graph('ext (tcp port 80)'), chain(9))).to.equal(false);
  });

  it('works behind tags, labels and in tunnels', () => {
    const packet = ipv6(0, Uint8Array.of(...extension.hopByHop(6), ...tcp(1, 80)));
    const tagged = frame(0x86dd, packet, [0x8100]);
    for (const filter of [
      'ext (vlan and tcp port 80)',
      'vlan and ext (tcp port 80)',
      'anyvlan (ext (tcp port 80))',
      'ext (anyvlan (tcp port 80))',
    ]) {
      expect(matches(graph(filter), tagged), filter).to.equal(true);
    }
    expect(matches(graph('tcp port 80', { vlan: 'any', extensionHeaders: 'follow' }), tagged)).to.equal(true);
  });
});

describe('inner', () => {
  const gre = (flags: number, protocol: number, inner: Uint8Array, options = 0): Uint8Array =>
    Uint8Array.of(flags, 0, protocol >> 8, protocol & 0xff, ...Array.from({ length: options }, () => 0xab), ...inner);
  const tunnels = (inner: Uint8Array): readonly (readonly [number, Uint8Array])[] => [
    [17, udp(40000, 6081, Uint8Array.of(0, 0, 0x65, 0x58, 0, 0, 1, 0, ...inner))],
    [17, udp(40000, 6081, Uint8Array.of(2, 0, 0x65, 0x58, 0, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, ...inner))],
    [17, udp(40000, 4789, Uint8Array.of(8, 0, 0, 0, 0, 0, 1, 0, ...inner))],
    [47, gre(0, 0x6558, inner)],
    [47, gre(0x20, 0x6558, inner, 4)],
    [47, gre(0xb0, 0x6558, inner, 12)],
  ];

  it('means in every tunnel what the clauses mean about the frame it carries', () => {
    // Negative indexes reach back out of the inner frame.
    const insideFrame = plainFilters.filter((filter) => !/\[(-|0 -)/.test(filter));
    for (const filter of [
      ...insideFrame,
      'ether host 00:11:22:33:44:55',
      'multicast',
      'broadcast',
      'vlan and tcp',
      'vlan 100',
    ]) {
      const [plain, scoped] = [graph(filter), graph(`inner (${filter})`)];
      for (const bytes of samplePackets('EN10MB')
        .map((sample) => sample.bytes)
        .filter((each) => each.length >= 60)) {
        const expected = matches(plain, bytes);
        for (const [protocol, payload] of tunnels(bytes)) {
          for (const outer of [frame(0x0800, ipv4(protocol, payload)), frame(0x86dd, ipv6(protocol, payload))]) {
            expect(matches(scoped, outer), `${filter} on ${Buffer.from(outer).toString('hex')}`).to.equal(expected);
          }
        }
      }
    }
  });

  it('takes packets without a link header too', () => {
    const packet = ipv4(6, tcp(1, 80));
    for (const [protocol, payload] of [
      [47, gre(0, 0x0800, packet)],
      [17, udp(1, 6081, Uint8Array.of(0, 0, 8, 0, 0, 0, 1, 0, ...packet))],
    ] as const) {
      const bytes = frame(0x0800, ipv4(protocol, payload));
      expect(matches(graph('inner (tcp port 80)'), bytes)).to.equal(true);
      expect(matches(graph('inner (ether host 00:11:22:33:44:55)'), bytes)).to.equal(false);
    }
  });

  it('is false outside tunnels, and leaves later text about the outer packet', () => {
    const bytes = frame(
      0x0800,
      ipv4(17, udp(40000, 6081, Uint8Array.of(0, 0, 0x65, 0x58, 0, 0, 1, 0, ...frame(0x0800, ipv4(6, tcp(1, 80)))))),
    );
    expect(matches(graph('inner (tcp port 80) and udp port 6081'), bytes)).to.equal(true);
    expect(matches(graph('inner (inner (tcp))'), bytes)).to.equal(false);
    expect(matches(graph('not inner (tcp)'), frame(0x0800, ipv4(6, tcp(1, 80))))).to.equal(true);
    for (const { bytes: other } of samplePackets('EN10MB').filter(
      ({ name }) => !/geneve|vxlan|gre|tunnel/.test(name),
    )) {
      expect(matches(graph('inner (ip or not ip)'), other)).to.equal(false);
    }
  });
});

describe('words that nothing reserves', () => {
  it('stay names', () => {
    const hosts = { ...names, host: () => [Uint8Array.of(10, 0, 0, 1)] };
    for (const filter of ['host inner', 'host ext or anyvlan', 'host mark and (inner or ext)', 'host mark']) {
      compile({ name: 'filter', text: filter }, { linkType: 'EN10MB', names: hosts });
    }
  });

  it('mark asks a live hook', () => {
    const entry = graph('mark 7', { live: true });
    const bytes = frame(0x0800, ipv4(6, tcp(1, 80)));
    expect(evaluate(entry, { ...wholePacket(bytes), metadata: { mark: 7 } }).verdict.kind).to.equal('match');
    expect(evaluate(entry, { ...wholePacket(bytes), metadata: { mark: 8 } }).verdict.kind).to.equal('no-match');
    expect(() => graph('mark 7')).to.throw(DiagnosticError);
  });
});

describe('headers that a policy has found out about', () => {
  const span = { source: { name: 'policy', text: 'policy' }, start: 0, end: 6 };
  const transport = { number: 0, position: 1 } as const;

  /** A policy of one rule: its tags are counted, its transport header is located, then the rule is asked. */
  function policy(filter: string): Node {
    const none = exit(noMatch);
    const ruleBehind = (tags: number): Node => {
      const known = { tags, transport };
      const source = { name: 'filter', text: filter };
      const { predicate } = compile(source, {
        linkType: 'EN10MB',
        names,
        known,
        vlan: 'any',
        extensionHeaders: 'follow',
      });
      const rule = graphOf(predicate, exit(match), none, none);
      return graphOf(storeTransport('EN10MB', known, span), rule, none, none);
    };
    const further = (tags: number, behind: Node): Node =>
      graphOf(hasFurtherTag('EN10MB', tags, span), behind, ruleBehind(tags), none);
    const entry = further(0, further(1, ruleBehind(2)));
    expect(checkGraph({ linkType: 'EN10MB', entry }), filter).to.deep.equal([]);
    return entry;
  }

  it('make a rule mean what it means by itself', () => {
    const packets = samplePackets('EN10MB').map(({ bytes }) => bytes);
    const extended = ipv6(0, Uint8Array.of(...extension.hopByHop(44), ...extension.atomic(6), ...tcp(1, 80)));
    packets.push(frame(0x86dd, extended), frame(0x86dd, extended, [0x8100]), frame(0x86dd, extended, [0x88a8, 0x8100]));
    for (const filter of [
      ...plainFilters,
      'vlan and tcp port 80',
      'vlan 100',
      'not vlan',
      'ext (tcp)',
      'geneve and port 80',
    ]) {
      const [alone, inPolicy] = [graph(filter, { vlan: 'any', extensionHeaders: 'follow' }), policy(filter)];
      for (const bytes of packets) {
        expect(matches(inPolicy, bytes), `${filter} on ${Buffer.from(bytes).toString('hex')}`).to.equal(
          matches(alone, bytes),
        );
      }
    }
  });

  it('tell whether a rule needs the transport header', () => {
    const needs = (filter: string): boolean =>
      compile(
        { name: 'filter', text: filter },
        { linkType: 'EN10MB', names, known: { tags: 0, transport }, extensionHeaders: 'follow' },
      ).readsKnownTransport;
    expect(needs('tcp port 80')).to.equal(true);
    expect(needs('arp or host 10.0.0.1')).to.equal(false);
    expect(needs('vlan and tcp')).to.equal(false);
  });
});

import { expect } from 'chai';
import { parseAddress } from '../../src/packet/address.ts';
import { buildIp, buildLink, buildTcp, buildUdp, buildVlan, concat, type IpFields } from '../../src/packet/build.ts';
import type { Engine } from '../../src/replay/engine.ts';
import { startEngine } from '../../src/replay/engine-run.ts';
import { kernelTcEngine, kernelXdpEngine } from '../../src/replay/engine/kernel-test-run.ts';
import { createOutcomeTable, notExpressed } from '../../src/replay/outcome.ts';
import { counterNames } from '../../src/rules/policy.ts';
import { programOfPolicy } from '../../src/verify/policy-program.ts';
import { batchOfPacket } from '../../src/verify/single-packet.ts';
import { readText } from '../rules/policy-text.ts';
import { plainEngines } from '../support/policy.ts';
import { openRealKernel } from '../support/real-kernel.ts';

/**
 * What a policy makes of packets that other firewalls disagree about: tags, options, extension headers, fragments,
 * headers that are cut off. One written meaning, on every engine.
 */
const v4 = { source: parseAddress('203.0.113.7')!, destination: parseAddress('192.0.2.10')! };
const v6 = { source: parseAddress('2001:db8::7')!, destination: parseAddress('2001:db8::10')! };
const ports = { sourcePort: 40_000, destinationPort: 22 };
const segment = (between: typeof v4): Uint8Array => buildTcp({ ...ports, flags: 2 }, between, new Uint8Array(0));
const ip4 = (fields: Partial<IpFields> = {}, payload = segment(v4)): Uint8Array =>
  buildIp({ ...v4, protocol: 6, ...fields }, payload);
const ip6 = (protocol: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  buildIp({ ...v6, protocol }, concat(...parts, segment(v6)));
const options = (next: number, words = 0): Uint8Array => {
  const header = new Uint8Array(8 + 8 * words);
  header.set([next, words, 1, header.length - 4]);
  return header;
};
const authentication = (next: number): Uint8Array => concat(Uint8Array.of(next, 4), new Uint8Array(22));
const fragment = (next: number, offset: number, more = 0): Uint8Array =>
  Uint8Array.of(next, 0, offset >> 5, ((offset << 3) & 0xff) | more, 0, 0, 0, 9);
const tags = (count: number, type: number, packet: Uint8Array): Uint8Array => {
  let payload = packet;
  let inner = type;
  for (let tag = 0; tag < count; tag++) {
    payload = buildVlan(7 + tag, inner, payload);
    inner = tag === 1 ? 0x88a8 : 0x8100;
  }
  return buildLink('EN10MB', inner, payload);
};
const frame4 = (packet: Uint8Array, count = 0): Uint8Array => tags(count, 0x0800, packet);
const frame6 = (packet: Uint8Array, count = 0): Uint8Array => tags(count, 0x86dd, packet);

type Ending = 'ssh' | 'default' | 'malformed';

/** By `tcp dst port 22`, `drop`. The first 15 are those of the comparison with other firewalls. */
const packets: readonly (readonly [name: string, frame: Uint8Array, ending: Ending])[] = [
  ['TCP to 22 over IPv4', frame4(ip4()), 'ssh'],
  ['TCP to 22 over IPv6', frame6(ip6(6)), 'ssh'],
  ['TCP to 22 behind IPv4 options', frame4(ip4({ options: Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1) })), 'ssh'],
  [
    'TCP from 22',
    frame4(ip4({}, buildTcp({ sourcePort: 22, destinationPort: 40_000, flags: 2 }, v4, new Uint8Array(0)))),
    'default',
  ],
  ['UDP to 22', frame4(ip4({ protocol: 17 }, buildUdp(ports, v4, new Uint8Array(0)))), 'default'],
  ['a first fragment', frame4(ip4({ moreFragments: true })), 'ssh'],
  ['a later fragment that looks like TCP to 22', frame4(ip4({ fragmentOffset: 1480 })), 'default'],
  ['behind a hop-by-hop header', frame6(ip6(0, options(6))), 'ssh'],
  ['an atomic fragment over IPv6', frame6(ip6(44, fragment(6, 0))), 'ssh'],
  ['a later fragment over IPv6', frame6(ip6(44, fragment(6, 185))), 'default'],
  ['behind a tag', frame4(ip4(), 1), 'ssh'],
  ['behind two tags', frame4(ip4(), 2), 'ssh'],
  ['an IPv4 header cut off', frame4(ip4()).subarray(0, 30), 'malformed'],
  ['an IPv6 header cut off', frame6(ip6(6)).subarray(0, 50), 'malformed'],
  ['a TCP header cut off before its ports', frame4(ip4()).subarray(0, 35), 'malformed'],
  // And more of the kind.
  ['a first fragment over IPv6', frame6(ip6(44, fragment(6, 0, 1))), 'ssh'],
  ['behind two extension headers', frame6(ip6(0, options(60, 2), options(6))), 'ssh'],
  ['behind an authentication header', frame6(ip6(51, authentication(6))), 'ssh'],
  [
    'behind eight extension headers',
    frame6(ip6(0, options(43), ...Array.from({ length: 6 }, () => options(60)), options(6))),
    'ssh',
  ],
  ['behind a tag and a hop-by-hop header', frame6(ip6(0, options(6)), 1), 'ssh'],
  ['behind two tags and an atomic fragment', frame6(ip6(44, fragment(6, 0)), 2), 'ssh'],
  ['over IPv6 behind a tag', frame6(ip6(6), 1), 'ssh'],
  ['a later fragment behind a tag', frame4(ip4({ fragmentOffset: 8 }), 1), 'default'],
  ['a TCP header cut off behind its ports', frame4(ip4()).subarray(0, 44), 'ssh'],
  ['a tag without an EtherType', frame4(ip4(), 1).subarray(0, 16), 'malformed'],
  ['ARP', buildLink('EN10MB', 0x0806, new Uint8Array(28)), 'default'],
  ['ARP cut off', buildLink('EN10MB', 0x0806, new Uint8Array(20)), 'malformed'],
];

const policy = 'rules: [{ name: ssh, match: tcp dst port 22, action: drop }]\n';

interface Ended {
  readonly verdict: string;
  readonly rule: string;
}

async function endings(text: string, engine: Engine): Promise<readonly (Ended | undefined)[]> {
  const { file, diagnostics } = readText(text);
  expect(diagnostics).to.deep.equal([]);
  const table = createOutcomeTable();
  const run = startEngine(
    engine,
    programOfPolicy(() => file),
    table,
  );
  const names = counterNames(file.policy);
  const outcomes = new Uint16Array(1);
  const ended: (Ended | undefined)[] = [];
  try {
    for (const [, frame] of packets) {
      const before = [...run.counters(names.length).packets];
      await run.run(batchOfPacket(frame, 'EN10MB'), outcomes);
      const after = run.counters(names.length).packets;
      const counted = names.filter((_, index) => after[index] !== before[index]);
      const verdict = table.verdicts[outcomes[0] as number];
      ended.push(outcomes[0] === notExpressed ? undefined : { verdict: verdict!.kind, rule: counted.join(' and ') });
    }
  } finally {
    run.close();
  }
  return ended;
}

const expected: readonly Ended[] = packets.map(([, , rule]) => ({ verdict: rule === 'ssh' ? 'drop' : 'pass', rule }));

describe('verify/semantics of policies', () => {
  for (const engine of plainEngines) {
    it(`${packets.length} packets on the ${engine.name} engine`, async () => {
      named(await endings(policy, engine), expected);
    });
  }

  it('exact and fixed are the bare language', async () => {
    const [engine] = plainEngines as [Engine];
    const bare = await endings(`vlan: exact\nextension-headers: fixed\n${policy}`, engine);
    const matched = packets.filter((_, index) => bare[index]?.rule === 'ssh').map(([name]) => name);
    expect(matched).to.deep.equal([
      'TCP to 22 over IPv4',
      'TCP to 22 over IPv6',
      'TCP to 22 behind IPv4 options',
      'a first fragment',
      'a TCP header cut off behind its ports',
    ]);
  });

  it('exact alone still follows extension headers, fixed alone still looks behind tags', async () => {
    const [engine] = plainEngines as [Engine];
    const matching = async (text: string): Promise<readonly string[]> => {
      const ended = await endings(`${text}\n${policy}`, engine);
      return packets.filter((_, index) => ended[index]?.rule === 'ssh').map(([name]) => name);
    };
    const exact = await matching('vlan: exact');
    expect(exact).to.include('behind two extension headers').and.not.include('behind a tag');
    const fixed = await matching('extension-headers: fixed');
    expect(fixed).to.include('behind two tags').and.not.include('behind a hop-by-hop header');
  });

  it('a match that says vlan speaks of tags as the bare language does', async () => {
    const [engine] = plainEngines as [Engine];
    const ended = await endings(policy.replace('tcp', 'vlan 7 and tcp'), engine);
    const matched = packets.filter((_, index) => ended[index]?.rule === 'ssh').map(([name]) => name);
    expect(matched).to.deep.equal(['behind a tag', 'behind a tag and a hop-by-hop header', 'over IPv6 behind a tag']);
  });

  it('the same in the kernel, at XDP and TC', async function () {
    const kernel = await openRealKernel(this);
    for (const engine of [kernelXdpEngine(kernel), kernelTcEngine(kernel)]) {
      const ended = await endings(policy, engine);
      // The test run takes no frames whose IP header is cut off.
      const run = ended.map((each, index) => each ?? expected[index]);
      expect(ended.filter((each) => each === undefined).length, 'frames that the test run refuses').to.be.below(5);
      named(run, expected);
    }
  }).timeout(20_000);
});

function named(ended: readonly (Ended | undefined)[], wanted: readonly Ended[]): void {
  const table = (rows: readonly (Ended | undefined)[]): unknown =>
    Object.fromEntries(packets.map(([name], i) => [name, rows[i]]));
  expect(table(ended)).to.deep.equal(table(wanted));
}

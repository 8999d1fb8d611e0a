import { expect } from 'chai';
import { compile } from '../../src/compiler/compile.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit, graphOf } from '../../src/ir/graph.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import { namesFrom } from '../../src/names/name-files.ts';
import { ipv4, samplePackets, tcp, udp } from '../support/packets.ts';

/** What the development version of libpcap does and 1.10.3 does otherwise, wrongly, or not at all. */

const names = namesFrom((file) => {
  switch (file) {
    case 'hosts':
      return '10.0.0.1 router\n10.0.0.3 router\n2001:db8::1 router\n';
    case 'ethers':
      return '00:11:22:33:44:55 router\n';
    default:
      return '';
  }
});

function matches(filter: string, bytes: Uint8Array): boolean {
  const { predicate } = compile({ name: 'filter', text: filter }, { linkType: 'EN10MB', names });
  const entry = graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
  return evaluate(entry, { bytes, length: bytes.length }).verdict.kind === 'match';
}

function frame(packet: Uint8Array, source = [0, 0x11, 0x22, 0x33, 0x44, 0x55]): Uint8Array {
  return Uint8Array.of(0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, ...source, 8, 0, ...packet);
}

describe('the development version of libpcap', () => {
  it('ip multicast is 224.0.0.0/4', () => {
    for (const [destination, expected] of [
      ['223.255.255.255', false],
      ['224.0.0.1', true],
      ['239.255.255.255', true],
      ['240.0.0.0', false],
      ['255.255.255.255', false],
    ] as const) {
      expect(matches('ip multicast', frame(ipv4(17, udp(1, 2), { destination }))), destination).to.equal(expected);
    }
  });

  it('byte reads the byte before it masks it', () => {
    const bytes = frame(ipv4(6, tcp(1, 80)));
    for (const [filter, expected] of [
      ['byte 14 = 0x45', true],
      ['byte 14 & 0x40', true],
      ['byte 14 & 0x02', false],
      ['byte 15 | 0', false],
      ['byte 15 | 1', true],
      ['byte 14 | 0', true],
      ['byte 14 > 0x44', true],
      ['byte 14 < 0x45', false],
      ['not byte 1000 | 1', false],
      ['not byte 4294967295 = 1', false],
    ] as const) {
      expect(matches(filter, bytes), filter).to.equal(expected);
    }
  });

  it('gateway is what a router passes on', () => {
    const passed = { source: '10.0.0.9', destination: '10.0.0.8' };
    expect(matches('gateway router', frame(ipv4(6, tcp(1, 2), passed)))).to.equal(true);
    expect(matches('ip gateway router', frame(ipv4(6, tcp(1, 2), passed)))).to.equal(true);
    expect(matches('arp gateway router', frame(ipv4(6, tcp(1, 2), passed)))).to.equal(false);
    expect(matches('gateway router', frame(ipv4(6, tcp(1, 2), passed), [0, 1, 2, 3, 4, 5]))).to.equal(false);
    for (const own of ['10.0.0.1', '10.0.0.3']) {
      expect(matches('gateway router', frame(ipv4(6, tcp(1, 2), { ...passed, source: own })))).to.equal(false);
      expect(matches('gateway router', frame(ipv4(6, tcp(1, 2), { ...passed, destination: own })))).to.equal(false);
    }
  });

  it('vxlan moves to the frame inside', () => {
    const tunnels = samplePackets('EN10MB').filter(({ name }) => name.startsWith('vxlan'));
    expect(tunnels).to.have.length(2);
    for (const { name, bytes } of tunnels) {
      for (const [filter, expected] of [
        ['vxlan', true],
        ['vxlan 7', true],
        ['vxlan 8', false],
        ['vxlan and tcp port 80', true],
        ['vxlan and udp', false],
        ['vxlan and ether src 66:77:88:99:aa:bb', true],
        ['vxlan and ether[12:2] = 0x800', true],
        ['vxlan 7 and host 10.0.0.1 and tcp[2:2] = 80', true],
        ['not vxlan', false],
      ] as const) {
        expect(matches(filter, bytes), `${filter} on ${name}`).to.equal(expected);
      }
    }
    for (const { name, bytes } of samplePackets('EN10MB').filter((sample) => !sample.name.startsWith('vxlan'))) {
      expect(matches('vxlan', bytes), name).to.equal(false);
    }
  });

  it('does not fold a mask of all ones into something else', () => {
    const syn = frame(ipv4(6, tcp(40000, 80)));
    expect(matches('tcp[8:4] & 0xffffffff == 0', syn)).to.equal(true);
    expect(matches('len >= 2147483648 & 2147483648 or tcp', syn)).to.equal(true);
    expect(matches('(1 = 0) || (1 / 4294967295 = 0) and tcp', syn)).to.equal(true);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { mixedFrames } from '../../scripts/pcap-packets.ts';
import { linkTypes } from '../../src/ir/link-type.ts';
import { crc32c, internetChecksum } from '../../src/packet/checksum.ts';
import { parsePacket } from '../../src/packet/parse.ts';
import { summarize } from '../../src/packet/summary.ts';
import { requireOrSkip } from '../support/require.ts';
import { hasTcpdump } from '../support/tcpdump.ts';

describe('packet: headers', () => {
  const frames = mixedFrames();

  it('finds the headers of every frame of mixed.pcap', () => {
    const kinds = frames.map((frame) =>
      parsePacket(frame, frame.length, 'EN10MB')
        .map(({ kind }) => kind)
        .slice(1)
        .join(' '),
    );
    expect(kinds).to.deep.equal([
      'arp',
      'arp',
      'ipv4 tcp',
      'ipv4 tcp',
      'ipv4 tcp',
      'ipv4 tcp',
      'ipv4 tcp',
      'ipv6 tcp',
      'ipv6 tcp',
      'ipv4 udp',
      'ipv6 udp',
      'ipv4 sctp',
      'ipv4 icmp',
      'ipv6 icmp6',
      'ipv4 other',
      'ipv4 udp',
      'ipv4 tcp',
      'ipv4 tcp',
      'ipv4',
      'ipv6 extension tcp',
      'ipv6 extension tcp',
      'ipv6 extension tcp',
      'ipv6 extension',
      'vlan ipv4 tcp',
      'vlan vlan ipv4 tcp',
      'vlan ipv6 udp',
      'vlan vlan ipv4 tcp',
      'llc',
      'other',
      'truncated',
    ]);
  });

  it('says at every truncation which header is missing, and never reads beyond', () => {
    for (const frame of frames) {
      for (let length = 0; length < frame.length; length++) {
        const layers = parsePacket(frame.slice(0, length), frame.length, 'EN10MB');
        const whole = parsePacket(frame, frame.length, 'EN10MB');
        const kept = layers.at(-1)?.kind === 'truncated' ? layers.slice(0, -1) : layers;
        // A chunk type stands behind the SCTP header, and may be missing alone.
        if (length !== 46 || whole.at(-1)?.kind !== 'sctp') expect(kept).to.deep.equal(whole.slice(0, kept.length));
      }
    }
  });

  it('takes any bytes, on every link type, and prints no control characters', () => {
    const start = fc.constantFrom(...frames);
    const noise = fc.uint8Array({ maxLength: 60 });
    const packet = fc.tuple(start, fc.nat(60), noise).map(([frame, at, bytes]) => {
      const copy = new Uint8Array(Math.max(frame.length, at + bytes.length));
      copy.set(frame);
      copy.set(bytes, at);
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(packet, noise), fc.constantFrom(...linkTypes), fc.nat(70_000), (bytes, { name }, length) => {
        expect(summarize(bytes, length, name)).to.match(/^[\x20-\x7e]+$/);
      }),
      { numRuns: 5000 },
    );
  });

  it('prints one line per packet', () => {
    expect(frames.map((frame) => summarize(frame, frame.length, 'EN10MB'))).to.deep.equal([
      'ARP, Request who-has 192.0.2.1 tell 198.51.100.7',
      'ARP, Reply 198.51.100.7 is-at 02:00:00:00:00:01',
      'IP 192.0.2.1.40000 > 192.0.2.2.22: Flags [S], seq 1, win 64240, length 0',
      'IP 192.0.2.2.22 > 192.0.2.1.40000: Flags [S.], seq 1, ack 0, win 64240, length 0',
      'IP 192.0.2.1.40000 > 192.0.2.2.22: Flags [P.], seq 1:67, ack 0, win 64240, length 66',
      'IP 192.0.2.1.40001 > 192.0.2.2.80: Flags [S], seq 1, win 64240, length 0',
      'IP 192.0.2.2.80 > 192.0.2.1.40001: Flags [R.], seq 1, ack 0, win 64240, length 0',
      'IP6 2001:db8::1.40002 > 2001:db8::2.22: Flags [S], seq 1, win 64240, length 0',
      'IP6 2001:db8::2.80 > 2001:db8::1.40003: Flags [F.], seq 1:527, ack 0, win 64240, length 526',
      'IP 192.0.2.1.5000 > 198.51.100.9.22: UDP, length 0',
      'IP6 2001:db8::1.123 > 2001:db8::3.123: UDP, length 48',
      'IP 192.0.2.1.22 > 192.0.2.2.5000: sctp, chunk 1',
      'IP 192.0.2.1 > 192.0.2.2: ICMP echo request, id 1, seq 1, length 64',
      'IP6 2001:db8::1 > 2001:db8::2: ICMP6 echo request, id 1, seq 1, length 64',
      'IP 192.0.2.1 > 192.0.2.2: GRE, length 26',
      'IP 198.51.100.7.5353 > 192.0.2.1.53: DNS 4660 A? www.example.com. (33)',
      'IP 198.51.100.7.40006 > 192.0.2.1.22: Flags [S], seq 1, win 64240, length 0',
      'IP 198.51.100.7.40006 > 192.0.2.1.22: Flags [S], seq 1:21, win 64240, length 20',
      'IP 198.51.100.7 > 192.0.2.1: tcp, fragment at 40',
      'IP6 2001:db8:1::7.40006 > 2001:db8::22.22: Flags [S], seq 1, win 64240, length 0',
      'IP6 2001:db8:1::7.40006 > 2001:db8::22.22: Flags [S], seq 1, win 64240, length 0',
      'IP6 2001:db8:1::7.40006 > 2001:db8::22.22: Flags [S], seq 1, win 64240, length 0',
      'IP6 2001:db8:1::7 > 2001:db8::22: tcp, fragment at 8',
      'vlan 7, p 0, IP 192.0.2.1.40004 > 192.0.2.2.22: Flags [S], seq 1, win 64240, length 0',
      'vlan 7, p 0, vlan 9, p 0, IP 192.0.2.1.40005 > 192.0.2.2.22: Flags [S], seq 1, win 64240, length 0',
      'vlan 7, p 0, IP6 2001:db8::1.53 > 2001:db8::2.999: DNS 0 (534)',
      'vlan 100, p 5, vlan 7, p 0, IP 192.0.2.1.40000 > 192.0.2.2.22: Flags [S], seq 1, win 64240, length 0',
      'LLC, dsap 0x42, ssap 0x42',
      'ethertype LLDP (0x88cc), length 46',
      '[|IPv4]',
    ]);
  });

  it('computes checksums that tcpdump finds right', function () {
    requireOrSkip(this, 'tcpdump', hasTcpdump(), 'tcpdump is not installed');
    for (const file of ['mixed.pcap', 'ssh.pcap']) {
      const output = execFileSync('tcpdump', ['-nnvv', '-r', join('test', 'pcaps', file)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(output).to.match(/cksum 0x[0-9a-f]{4} \(correct\)/);
      expect(output).not.to.match(/incorrect|bad cksum|wrong/);
    }
  });

  it('knows the check values of its checksums', () => {
    // RFC 1071 section 3; the usual check value of CRC-32C.
    expect(internetChecksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7))).to.equal(0x220d);
    expect(crc32c(new TextEncoder().encode('123456789'))).to.equal(0xe3069283);
  });
});

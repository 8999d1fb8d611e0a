import { expect } from 'chai';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit } from '../../src/ir/graph.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { drop, pass } from '../../src/ir/verdict.ts';
import { malformedGraph } from '../../src/rules/malformed.ts';

function isMalformed(bytes: Uint8Array, linkType: LinkType = 'EN10MB'): boolean {
  return evaluate(malformedGraph(linkType, exit(drop), exit(pass)), wholePacket(bytes)).verdict.kind === 'drop';
}

function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/[0-9a-f]{2}/g) ?? [], (byte) => Number.parseInt(byte, 16));
}

const addresses = '66778899aabb 001122334455';
const tag = (type: string): string => `${type} 0007`;
const ipv4 = (protocol: string, options = '', fragment = '0000'): string => {
  const words = (5 + options.replaceAll(' ', '').length / 8).toString(16);
  return `4${words}00 0000 0001 ${fragment} 40${protocol} 0000 0a000001 0a000002 ${options}`;
};
const ipv6 = (next: string): string => `60000000 0000 ${next}40 ${'20010db8'.repeat(4)} ${'20010db8'.repeat(4)}`;
const zeros = (count: number): string => '00'.repeat(count);

/** Frames that are whole to the last byte: one byte less cuts off a header that was announced. */
const exactlyWhole: readonly (readonly [name: string, frame: string, linkType?: LinkType])[] = [
  ['TCP over IPv4', `${addresses} 0800 ${ipv4('06')} ${zeros(20)}`],
  ['TCP over IPv4 with options', `${addresses} 0800 ${ipv4('06', '01010101 01010101')} ${zeros(20)}`],
  ['UDP over IPv4', `${addresses} 0800 ${ipv4('11')} ${zeros(8)}`],
  ['SCTP over IPv4', `${addresses} 0800 ${ipv4('84')} ${zeros(12)}`],
  ['ICMP over IPv4', `${addresses} 0800 ${ipv4('01')} ${zeros(8)}`],
  ['another protocol over IPv4', `${addresses} 0800 ${ipv4('2f')}`],
  ['a later fragment, which has no TCP header', `${addresses} 0800 ${ipv4('06', '', '0001')}`],
  ['IPv4 options to the end', `${addresses} 0800 ${ipv4('2f', '01010101')}`],
  ['TCP over IPv6', `${addresses} 86dd ${ipv6('06')} ${zeros(20)}`],
  ['ICMPv6', `${addresses} 86dd ${ipv6('3a')} ${zeros(8)}`],
  ['IPv6 without more', `${addresses} 86dd ${ipv6('3b')}`],
  ['ARP', `${addresses} 0806 ${zeros(28)}`],
  ['a tagged frame of another type', `${addresses} ${tag('8100')} 88cc`],
  ['TCP behind a tag', `${addresses} ${tag('8100')} 0800 ${ipv4('06')} ${zeros(20)}`],
  ['TCP behind two tags', `${addresses} ${tag('88a8')} ${tag('8100')} 86dd ${ipv6('06')} ${zeros(20)}`],
  ['UDP behind eight tags', `${addresses} ${tag('9100').repeat(8)} 0800 ${ipv4('11')} ${zeros(8)}`],
  ['UDP over raw IPv4', `${ipv4('11')} ${zeros(8)}`, 'RAW'],
  ['UDP over raw IPv6', `${ipv6('11')} ${zeros(8)}`, 'RAW'],
];

describe('rules/malformed', () => {
  for (const [name, text, linkType] of exactlyWhole) {
    it(`${name}: whole, and malformed where a byte is missing`, () => {
      const frame = hex(text);
      expect(isMalformed(frame, linkType)).to.equal(false);
      expect(isMalformed(frame.subarray(0, frame.length - 1), linkType)).to.equal(true);
    });
  }

  it('does not look behind types and protocols that it does not know', () => {
    expect(isMalformed(hex(`${addresses} 88cc`))).to.equal(false);
    expect(isMalformed(hex('00'), 'RAW')).to.equal(false);
  });

  it('takes a header length below five words for what the bytes are: twenty', () => {
    const short = `${addresses} 0800 41${ipv4('2f').slice(2)}`;
    expect(isMalformed(hex(short))).to.equal(false);
    expect(isMalformed(hex(short).subarray(0, 33))).to.equal(true);
  });

  it('is quick about long frames', () => {
    const frame = new Uint8Array(1514);
    frame.set(hex(`${addresses} 0800 ${ipv4('06')}`));
    expect(isMalformed(frame)).to.equal(false);
  });
});

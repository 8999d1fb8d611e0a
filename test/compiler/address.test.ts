import { isIPv6 } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  ipv4Mask,
  ipv6Mask,
  parseDecnet,
  parseIpv4,
  parseIpv6,
  parseMac,
  parseNumber,
} from '../../src/compiler/address.ts';

function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString('hex');
}

describe('addresses and numbers', () => {
  it('reads IPv4 addresses of two to four octets', () => {
    expect(parseIpv4('10.1')).to.deep.equal({ address: 0x0a010000, bits: 16 });
    expect(parseIpv4('192.168.1.255')).to.deep.equal({ address: 0xc0a801ff, bits: 32 });
    for (const text of ['10', '1.2.3.4.5', '1.256', '1.', '0x1.2', '1.-2'])
      expect(parseIpv4(text), text).to.equal(undefined);
  });

  it('reads IPv6 addresses', () => {
    expect(hex(parseIpv6('2001:db8::1'))).to.equal('20010db8000000000000000000000001');
    expect(hex(parseIpv6('::'))).to.equal('0'.repeat(32));
    expect(hex(parseIpv6('1::'))).to.equal(`0001${'0'.repeat(28)}`);
    expect(hex(parseIpv6('::ffff:10.0.0.1'))).to.equal('00000000000000000000ffff0a000001');
    expect(hex(parseIpv6('1:2:3:4:5:6:7:8'))).to.equal('00010002000300040005000600070008');
    expect(hex(parseIpv6('1:2:3:4:5:6:7::'))).to.equal('00010002000300040005000600070000');
  });

  it('agrees with the C library on what is an IPv6 address', () => {
    const piece = fc.constantFrom(
      ':',
      '::',
      '0',
      'ff',
      '12345',
      'g',
      '1.2.3.4',
      '1.2.3',
      '256.1.1.1',
      'abcd',
      '01.2.3.4',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), (pieces) => {
        const text = pieces.join('');
        expect(parseIpv6(text) !== undefined, text).to.equal(isIPv6(text));
      }),
      { numRuns: 5000 },
    );
    const address = fc.ipV6();
    fc.assert(
      fc.property(address, (text) => parseIpv6(text) !== undefined),
      { numRuns: 2000 },
    );
  });

  it('reads MAC addresses in all six spellings', () => {
    for (const text of [
      '0:11:22:aa:B:cc',
      '00-11-22-aa-0b-cc',
      '00.11.22.aa.0b.cc',
      '0011.22aa.0bcc',
      '001122aa0bcc',
    ]) {
      expect(hex(parseMac(text)), text).to.equal('001122aa0bcc');
    }
    for (const text of ['0:1:2:3:4', '0:1-2:3:4:5', '001122aabbc', '0011.22aa0bcc', '100:1:2:3:4:5']) {
      expect(parseMac(text), text).to.equal(undefined);
    }
  });

  it('reads numbers as C writes them', () => {
    expect(parseNumber('0x10')).to.deep.equal({ kind: 'value', value: 16 });
    expect(parseNumber('010')).to.deep.equal({ kind: 'value', value: 8 });
    expect(parseNumber('4294967295')).to.deep.equal({ kind: 'value', value: 0xffffffff });
    expect(parseNumber('4294967296').kind).to.equal('overflow');
    expect(parseNumber('9'.repeat(400)).kind).to.equal('overflow');
    expect(parseNumber('08').kind).to.equal('not-octal');
    expect(parseNumber('0x').kind).to.equal('not-a-number');
  });

  it('reads DECnet addresses, least significant byte first', () => {
    expect(parseDecnet('10.123')).to.equal(0x7b28);
    for (const text of ['64.1', '1.1024', '1', '1.2.3']) expect(parseDecnet(text), text).to.equal(undefined);
  });

  it('makes masks', () => {
    expect([0, 1, 8, 32].map(ipv4Mask)).to.deep.equal([0, 0x80000000, 0xff000000, 0xffffffff]);
    expect(ipv6Mask(0)).to.deep.equal([0, 0, 0, 0]);
    expect(ipv6Mask(33)).to.deep.equal([0xffffffff, 0x80000000, 0, 0]);
    expect(ipv6Mask(128)).to.deep.equal([0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff]);
  });
});

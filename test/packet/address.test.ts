import { expect } from 'chai';
import fc from 'fast-check';
import { isIP } from 'node:net';
import {
  formatAddress,
  formatIpv6,
  formatMac,
  parseAddress,
  parseIpv4,
  parseIpv6,
  parseMac,
} from '../../src/packet/address.ts';

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('packet: addresses', () => {
  it('reads back every address that it writes', () => {
    const sparse = fc
      .array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 })
      .map((list) => Uint8Array.from(list));
    fc.assert(
      fc.property(fc.oneof(bytesOf(4), bytesOf(16), sparse), (bytes) => {
        const text = formatAddress(bytes);
        expect(isIP(text)).to.equal(bytes.length === 4 ? 4 : 6);
        expect(parseAddress(text)).to.deep.equal(bytes);
      }),
    );
    fc.assert(fc.property(bytesOf(6), (bytes) => void expect(parseMac(formatMac(bytes))).to.deep.equal(bytes)));
  });

  it('accepts what node accepts, and no more', () => {
    const piece = fc.constantFrom('0', '1', 'ff', '::', ':', '.', '255', '256', '1.2.3.4', 'g', '00', '12345', '');
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join('')),
        (text) => {
          expect(parseAddress(text) !== undefined, text).to.equal(isIP(text) !== 0);
        },
      ),
      { numRuns: 3000 },
    );
  });

  const spellings: readonly (readonly [from: string, to: string])[] = [
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1::', '1::'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ];
  for (const [from, to] of spellings) {
    it(`spells ${from} as ${to}`, () => {
      expect(formatIpv6(parseIpv6(from) as Uint8Array)).to.equal(to);
    });
  }

  it('refuses octal, short and long dotted quads', () => {
    for (const text of ['010.0.0.1', '10.1', '1.2.3.4.5', '1.2.3.', ' 1.2.3.4', '1.2.3.4 ', '0x1.2.3.4']) {
      expect(parseIpv4(text), text).to.equal(undefined);
    }
  });

  it('reads MAC addresses with colons or dashes', () => {
    expect(parseMac('02-00-5E-10-00-ff')).to.deep.equal(Uint8Array.of(2, 0, 0x5e, 0x10, 0, 0xff));
    expect(parseMac('2:0:5e:10:0:ff')).to.equal(undefined);
  });
});

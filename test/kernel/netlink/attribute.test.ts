import { expect } from 'chai';
import {
  encodeAttributes,
  nested,
  parseAttributes,
  textAttribute,
  textOf,
  u32Attribute,
  u32Of,
} from '../../../src/kernel/netlink/attribute.ts';

describe('netlink attributes', () => {
  it('are padded to four bytes, and carry a mark when they hold others', () => {
    const bytes = encodeAttributes([textAttribute(3, 'va'), { type: 43, content: [u32Attribute(1, -1)] }]);
    expect(Buffer.from(bytes).toString('hex')).to.equal('07000300766100000c002b8008000100ffffffff');
  });

  it('come back', () => {
    const attributes = parseAttributes(
      encodeAttributes([textAttribute(3, 'vä'), u32Attribute(4, 1500), { type: 5, content: [u32Attribute(6, 7)] }]),
    );
    expect(textOf(attributes, 3)).to.equal('vä');
    expect(u32Of(attributes, 4)).to.equal(1500);
    expect(u32Of(nested(attributes, 5), 6)).to.equal(7);
    expect(u32Of(nested(attributes, 8), 6)).to.equal(undefined);
  });

  it('of a broken rest are left out', () => {
    const good = [...encodeAttributes([u32Attribute(4, 9)])];
    for (const rest of [[8], [3, 0, 1, 0], [200, 0, 1, 0, 1], [0, 0, 0, 0]]) {
      const attributes = parseAttributes(Uint8Array.from([...good, ...rest]));
      expect([...attributes.keys()]).to.deep.equal([4]);
    }
    expect(u32Of(parseAttributes(Uint8Array.of(5, 0, 4, 0, 1)), 4)).to.equal(undefined);
  });
});

import { expect } from 'chai';
import { sessionFrames } from '../../src/appliance/session-frames.ts';
import { tagsBelow } from '../../src/appliance/session-path.ts';
import { encodeAttributes, textAttribute, u32Attribute } from '../../src/kernel/netlink/attribute.ts';
import { linkByName, linkMessage, type Link } from '../../src/kernel/netlink/link.ts';
import { acknowledgement, netlinkKernel } from '../support/netlink-kernel.ts';

function link(ifindex: number, more: Partial<Link> = {}): Link {
  return {
    ifindex,
    name: `i${ifindex}`,
    hardwareType: 1,
    mtu: 1500,
    flags: 0,
    address: new Uint8Array(6),
    kind: undefined,
    lowerIfindex: undefined,
    lowerElsewhere: false,
    masterIfindex: undefined,
    vlan: undefined,
    xdp: [],
    ...more,
  };
}

const tag = (identifier: number, type = 0x8100) => ({ identifier, type });

describe('the interfaces that a session’s frames come by', () => {
  const all = [
    link(1),
    link(2, { masterIfindex: 10 }),
    link(3, { masterIfindex: 10 }),
    link(10, { kind: 'bond' }),
    link(11, { kind: 'vlan', lowerIfindex: 10, vlan: tag(5, 0x88a8) }),
    link(12, { kind: 'vlan', lowerIfindex: 11, vlan: tag(7) }),
    link(20, { kind: 'veth', lowerIfindex: 2 }),
    link(21, { kind: 'macvlan', lowerIfindex: 1 }),
    link(22, { kind: 'vlan', lowerIfindex: 1, lowerElsewhere: true, vlan: tag(9) }),
    link(30, { kind: 'macvlan', lowerIfindex: 31 }),
    link(31, { kind: 'macvlan', lowerIfindex: 30 }),
  ];

  it('are its own, without tags', () => {
    expect(tagsBelow(all, 1, 1)).to.deep.equal([]);
    expect(tagsBelow(all, 1, 2)).to.equal(undefined);
  });

  it('are the members of a bond', () => {
    for (const member of [2, 3]) expect(tagsBelow(all, 10, member)).to.deep.equal([]);
  });

  it('are those below VLANs, with their tags, the outermost first', () => {
    expect(tagsBelow(all, 12, 12)).to.deep.equal([]);
    expect(tagsBelow(all, 12, 11)).to.deep.equal([tag(7)]);
    for (const below of [10, 2, 3]) expect(tagsBelow(all, 12, below)).to.deep.equal([tag(5, 0x88a8), tag(7)]);
  });

  it('are not a veth’s other end, nor what is in another namespace', () => {
    expect(tagsBelow(all, 20, 2)).to.equal(undefined);
    expect(tagsBelow(all, 21, 1)).to.deep.equal([]);
    expect(tagsBelow(all, 22, 1)).to.equal(undefined);
  });

  it('end where interfaces stand on each other', () => {
    expect(tagsBelow(all, 30, 1)).to.equal(undefined);
  });

  it('carry the tags behind the addresses', () => {
    const ends = {
      peer: { address: Uint8Array.of(10, 0, 0, 1), port: 50000 },
      local: { address: Uint8Array.of(10, 0, 0, 2), port: 22 },
      localMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
      nextHop: Uint8Array.of(10, 0, 0, 1),
      nextHopMac: undefined,
    };
    const plain = sessionFrames({ ...ends, tags: [] }, 'incoming', 'EN10MB');
    const tagged = sessionFrames({ ...ends, tags: [tag(5, 0x88a8), tag(0x107)] }, 'incoming', 'EN10MB');
    expect(tagged.map(({ bytes }) => [...bytes])).to.deep.equal(
      plain.map(({ bytes }) => [...bytes.subarray(0, 12), 0x88, 0xa8, 0, 5, 0x81, 0, 1, 7, ...bytes.subarray(12)]),
    );
  });
});

describe('links as the kernel tells of them', () => {
  it('say which bridge they are in and which tag they put on', () => {
    const vlan = encodeAttributes([
      { type: 1, content: Uint8Array.of(0x07, 0x01) },
      { type: 5, content: Uint8Array.of(0x88, 0xa8) },
    ]);
    const info = encodeAttributes([textAttribute(1, 'vlan'), { type: 2, content: vlan }]);
    const body = linkMessage(7, [textAttribute(3, 'eth0.263'), u32Attribute(10, 4), { type: 18, content: info }]);
    const kernel = netlinkKernel(() => [{ replies: [{ type: 16, body }, acknowledgement(0)] }]);
    expect(linkByName(kernel, 'eth0.263')).to.deep.include({
      ifindex: 7,
      kind: 'vlan',
      masterIfindex: 4,
      vlan: { identifier: 0x107, type: 0x88a8 },
    });
  });
});

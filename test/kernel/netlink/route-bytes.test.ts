import { expect } from 'chai';
import type { Message } from '../../../src/kernel/netlink/message.ts';
import { addBpfFilter, deleteBpfFilter, replaceBpfFilter } from '../../../src/kernel/netlink/filter.ts';
import { linkByIndex, linkByName } from '../../../src/kernel/netlink/link.ts';
import { addClsact, deleteClsact } from '../../../src/kernel/netlink/qdisc.ts';
import { setXdp } from '../../../src/kernel/netlink/xdp.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { acknowledgement, netlinkKernel, sentRequests } from '../../support/netlink-kernel.ts';

/** What a call sends when the kernel agrees to everything. */
function sentBy(call: (kernel: Kernel) => unknown): Message {
  const kernel = netlinkKernel(() => [{ replies: [acknowledgement(0)] }]);
  call(kernel);
  return sentRequests(kernel)[0]!;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
/** `struct ifinfomsg` for interface 7. */
const linkHeader = '00000000 07000000 00000000 00000000'.replaceAll(' ', '');
/** An attribute with a 32-bit content, both in hexadecimal as they lie in memory. */
const word = (type: string, content: string) => `0800${type}00${content}`;

describe('rtnetlink as bytes', () => {
  const change = { ifindex: 7, programDescriptor: 5, mode: 'native' } as const;
  const program = word('01', '05000000');

  it('XDP where there must be nothing', () => {
    const message = sentBy((kernel) => setXdp(kernel, { ...change, expected: { kind: 'nothing' } }));
    expect(message).to.include({ type: 19, flags: 5 });
    expect(hex(message.body)).to.equal(linkHeader + '14002b80' + program + word('03', '05000000'));
  });

  it('XDP in place of an expected program', () => {
    const message = sentBy((kernel) => setXdp(kernel, { ...change, expected: { kind: 'program', descriptor: 4 } }));
    const expected = word('08', '04000000');
    expect(hex(message.body)).to.equal(linkHeader + '1c002b80' + program + expected + word('03', '14000000'));
  });

  it('XDP whatever is there, generic and offload', () => {
    const flags = (['generic', 'offload'] as const).map((mode) =>
      hex(sentBy((kernel) => setXdp(kernel, { ...change, mode, expected: { kind: 'anything' } })).body).slice(-8),
    );
    expect(flags).to.deep.equal(['02000000', '08000000']);
  });

  it('no XDP any more', () => {
    const detach = { ...change, programDescriptor: undefined, expected: { kind: 'anything' } } as const;
    const message = sentBy((kernel) => setXdp(kernel, detach));
    expect(hex(message.body)).to.equal(linkHeader + '14002b80' + word('01', 'ffffffff') + word('03', '04000000'));
  });

  it('an interface by name, long name and number', () => {
    const noStatistics = word('1d', '08000000');
    const byName = sentBy((kernel) => linkByName(kernel, 'va'));
    expect(byName).to.include({ type: 18, flags: 5 });
    expect(hex(byName.body)).to.equal('00'.repeat(16) + '0700030076610000' + noStatistics);
    const long = sentBy((kernel) => linkByName(kernel, 'sixteen-letters-'));
    expect(hex(long.body.subarray(16, 20))).to.equal('15003500');
    expect(hex(sentBy((kernel) => linkByIndex(kernel, 7)).body)).to.equal(linkHeader + noStatistics);
  });

  it('the clsact qdisc', () => {
    const body = '00000000 07000000 0000ffff f1ffffff 00000000 0b000100636c736163740000'.replaceAll(' ', '');
    const add = sentBy((kernel) => addClsact(kernel, 7));
    expect(add).to.include({ type: 36, flags: 0x605 });
    expect(hex(add.body)).to.equal(body);
    const remove = sentBy((kernel) => deleteClsact(kernel, 7));
    expect(remove).to.include({ type: 37, flags: 5 });
    expect(hex(remove.body)).to.equal(body);
  });

  it('direct-action filters', () => {
    const place = { ifindex: 7, direction: 'egress', priority: 10, handle: 0x706b7466 } as const;
    const header = '00000000 07000000 66746b70 f3ffffff 00030a00 0800010062706600'.replaceAll(' ', '');
    const options = '1c000280' + word('06', '05000000') + '0700070070310000' + word('08', '01000000');
    const add = sentBy((kernel) => addBpfFilter(kernel, place, 5, 'p1'));
    expect(add).to.include({ type: 44, flags: 0x605 });
    expect(hex(add.body)).to.equal(header + options);
    const replace = sentBy((kernel) => replaceBpfFilter(kernel, place, 5, 'p1'));
    expect(replace).to.include({ type: 44, flags: 0x505 });
    expect(hex(replace.body)).to.equal(header + options);
    const remove = sentBy((kernel) => deleteBpfFilter(kernel, { ...place, direction: 'ingress' }));
    expect(remove).to.include({ type: 45, flags: 5 });
    expect(hex(remove.body)).to.equal(header.replace('f3ff', 'f2ff'));
  });
});

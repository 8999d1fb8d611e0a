import { expect } from 'chai';
import type { Message } from '../../src/kernel/netlink/message.ts';
import { attachTc } from '../../src/tc/attach.ts';
import { expectRefusal } from '../support/expect-refusal.ts';
import { acknowledgement, endOfDump, netlinkKernel, sentRequests } from '../support/netlink-kernel.ts';
import type { Datagram } from '../support/netlink-kernel.ts';

const request = { getLink: 18, newQdisc: 36, deleteQdisc: 37, getQdisc: 38, newFilter: 44, getFilter: 46 };
const attachment = { ifindex: 7, direction: 'ingress', programDescriptor: 5 } as const;

/** `struct ifinfomsg` and the name `va`. */
const link = {
  type: 16,
  body: Uint8Array.of(0, 0, 1, 0, 7, ...new Uint8Array(11), 7, 0, 3, 0, 0x76, 0x61, 0, 0),
};

/** A kernel without qdiscs and filters, which refuses one kind of request. */
function refusing(refused: number, errno: number, text?: string) {
  return netlinkKernel(({ type }: Message): readonly Datagram[] => {
    if (type === refused) return [{ replies: [acknowledgement(errno, text)] }];
    if (type === request.getQdisc || type === request.getFilter) return [{ replies: [endOfDump()] }];
    if (type === request.getLink) return [{ replies: [link, acknowledgement(0)] }];
    return [{ replies: [acknowledgement(0)] }];
  });
}

describe('a failing attachment at TC', () => {
  it('removes the qdisc that it made', () => {
    const kernel = refusing(request.newFilter, 12);
    const refusal = expectRefusal('refused', () => attachTc(kernel, attachment));
    expect(refusal.message).to.equal(
      'va: the kernel refuses the TC ingress program: RTM_NEWTFILTER: cannot allocate memory (ENOMEM)',
    );
    const changes = sentRequests(kernel).map(({ type }) => type);
    expect(changes.filter((type) => type === request.newQdisc || type === request.deleteQdisc)).to.deep.equal([
      request.newQdisc,
      request.deleteQdisc,
    ]);
    expect(kernel.openDescriptors.size).to.equal(0);
  });

  it('names the missing capability', () => {
    const kernel = refusing(request.newQdisc, 1);
    expect(expectRefusal('not-permitted', () => attachTc(kernel, attachment)).remedy).to.include('CAP_NET_ADMIN');
    expect(kernel.openDescriptors.size).to.equal(0);
  });
});

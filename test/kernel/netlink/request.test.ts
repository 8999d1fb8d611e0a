import { expect } from 'chai';
import { dump, request } from '../../../src/kernel/netlink/request.ts';
import { SystemError } from '../../../src/kernel/system-error.ts';
import { acknowledgement, endOfDump, netlinkKernel, sentRequests } from '../../support/netlink-kernel.ts';

const wanted = { name: 'RTM_TEST', type: 99, flags: 0x400, body: Uint8Array.of(1, 2, 3, 4) };
const answer = { type: 50, body: Uint8Array.of(9, 8, 7, 6) };

describe('netlink requests', () => {
  it('ask for an acknowledgement with the text of the kernel, and close their socket', () => {
    const kernel = netlinkKernel(() => [{ replies: [acknowledgement(0)] }]);
    expect(request(kernel, wanted)).to.deep.equal([]);
    expect(sentRequests(kernel)[0]).to.deep.include({ type: 99, flags: 0x405, body: wanted.body });
    const options = kernel.calls
      .filter(({ call }) => call === 'setSocketOption')
      .map(({ values }) => values.slice(1, 3));
    expect(options).to.deep.equal([
      [270, 11],
      [270, 10],
    ]);
    expect(kernel.openDescriptors.size).to.equal(0);
  });

  it('give what comes before the acknowledgement', () => {
    const kernel = netlinkKernel(() => [{ replies: [answer] }, { replies: [acknowledgement(0)] }]);
    expect(request(kernel, wanted).map(({ body }) => body)).to.deep.equal([answer.body]);
  });

  it('bring the words of the kernel, or the name of the errno', () => {
    const withText = netlinkKernel(() => [{ replies: [acknowledgement(16, 'XDP program already attached')] }]);
    expect(() => request(withText, wanted)).to.throw(SystemError, 'RTM_TEST: XDP program already attached (EBUSY)');
    const without = netlinkKernel(() => [{ replies: [acknowledgement(19)] }]);
    expect(() => request(without, wanted)).to.throw(SystemError, 'RTM_TEST: no such device (ENODEV)');
    expect(without.openDescriptors.size).to.equal(0);
  });

  it('listen neither to answers to others nor to other senders', () => {
    const kernel = netlinkKernel((sent) => [
      { replies: [{ ...acknowledgement(1), sequence: sent.sequence - 1 }] },
      { replies: [acknowledgement(13)], senderPort: 4711 },
      { replies: [acknowledgement(0)] },
    ]);
    expect(request(kernel, wanted)).to.deep.equal([]);
  });

  it('collect a dump over several datagrams', () => {
    const kernel = netlinkKernel(() => [{ replies: [answer, answer] }, { replies: [answer, endOfDump()] }]);
    expect(dump(kernel, wanted)).to.have.length(3);
    expect(sentRequests(kernel)[0]!.flags).to.equal(0x701);
  });

  it('bring the error at the end of a dump', () => {
    const kernel = netlinkKernel(() => [{ replies: [answer, endOfDump(22)] }]);
    expect(() => dump(kernel, wanted)).to.throw('RTM_TEST: invalid argument (EINVAL)');
  });

  it('begin an interrupted dump again, but not for ever', () => {
    const interrupted = { ...endOfDump(), flags: 0x10 };
    let attempts = 0;
    const once = netlinkKernel(() => [{ replies: [answer, ++attempts === 1 ? interrupted : endOfDump()] }]);
    expect(dump(once, wanted)).to.have.length(1);
    expect(attempts).to.equal(2);
    const always = netlinkKernel(() => [{ replies: [{ ...answer, flags: 0x10 }, endOfDump()] }]);
    expect(() => dump(always, wanted)).to.throw('RTM_TEST: it keeps changing');
    expect(sentRequests(always)).to.have.length(8);
  });
});

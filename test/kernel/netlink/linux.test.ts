import { expect } from 'chai';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { interfaceAddresses } from '../../../src/kernel/netlink/address.ts';
import { addBpfFilter } from '../../../src/kernel/netlink/filter.ts';
import { linkByIndex, linkByName, linkFlags, links } from '../../../src/kernel/netlink/link.ts';
import { addClsact, deleteClsact, filterQdisc, qdiscs } from '../../../src/kernel/netlink/qdisc.ts';
import { setXdp } from '../../../src/kernel/netlink/xdp.ts';
import { isSystemError } from '../../../src/kernel/system-error.ts';
import type { SystemError } from '../../../src/kernel/system-error.ts';
import { withNamespaces } from '../../support/netns.ts';
import { openRealKernel } from '../../support/real-kernel.ts';
import { TC_ACT_UNSPEC, XDP_PASS, loadTc, loadXdp } from '../../support/tiny-program.ts';

describe('rtnetlink of the real kernel', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('knows the interfaces and their addresses', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        expect(links(kernel).map(({ name }) => name)).to.include.members(['lo', 'va']);
        const link = linkByName(kernel, 'va')!;
        expect(link).to.deep.include({ name: 'va', kind: 'veth', hardwareType: 1, mtu: 1500, xdp: [] });
        expect([...link.address]).to.deep.equal([2, 0, 0, 0, 0, 10]);
        expect(link.flags & linkFlags.up).to.equal(linkFlags.up);
        expect(linkByIndex(kernel, link.ifindex)).to.deep.equal(link);
        const addresses = interfaceAddresses(kernel, link.ifindex);
        expect(
          addresses.map(({ family, address, prefixLength }) => [family, [...address].slice(0, 4), prefixLength]),
        ).to.deep.equal([
          ['ipv4', [10, 77, 0, 1], 24],
          ['ipv6', [0xfd, 0x77, 0, 0], 64],
        ]);
        expect(interfaceAddresses(kernel).length).to.be.greaterThan(1);
      }),
    ));

  it('knows alternative names, and that no interface has an impossible one', () =>
    withNamespaces(kernel, ({ a }) => {
      a.run('ip', 'link', 'property', 'add', 'dev', 'va', 'altname', 'a-name-of-more-than-fifteen');
      a.inside(() => {
        expect(linkByName(kernel, 'a-name-of-more-than-fifteen')!.name).to.equal('va');
        for (const name of ['', 'nonesuch', 'a/b', 'a'.repeat(127), 'ä'.repeat(200), 'va\0'])
          expect(linkByName(kernel, name), name).to.equal(undefined);
        for (const ifindex of [-1, 0, 999, 0x7fffffff]) expect(linkByIndex(kernel, ifindex)).to.equal(undefined);
      });
    }));

  it('adds clsact once, tells it from the old ingress qdisc, and deletes it', () =>
    withNamespaces(kernel, ({ a }) => {
      a.inside(() => {
        expect(filterQdisc(kernel, a.ifindex)).to.equal(undefined);
        expect(addClsact(kernel, a.ifindex)).to.equal(true);
        expect(addClsact(kernel, a.ifindex)).to.equal(false);
        expect(filterQdisc(kernel, a.ifindex)).to.include({ kind: 'clsact' });
        deleteClsact(kernel, a.ifindex);
        expect(qdiscs(kernel, a.ifindex).map(({ kind }) => kind)).to.deep.equal(['noqueue']);
      });
      a.run('tc', 'qdisc', 'add', 'dev', 'va', 'ingress');
      a.inside(() => {
        expect(() => addClsact(kernel, a.ifindex)).to.throw('EEXIST');
        expect(filterQdisc(kernel, a.ifindex)).to.include({ kind: 'ingress' });
      });
    }));

  it("brings the kernel's own words", () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        const xdp = loadXdp(kernel, XDP_PASS);
        const tc = loadTc(kernel, TC_ACT_UNSPEC);
        const attach = (mode: 'native' | 'generic') =>
          setXdp(kernel, { ifindex: a.ifindex, programDescriptor: xdp, mode, expected: { kind: 'nothing' } });
        const filter = { ifindex: a.ifindex, direction: 'ingress', priority: 1, handle: 1 } as const;
        try {
          expectWords(() => addBpfFilter(kernel, filter, tc, 'x'), 'EINVAL', "Parent Qdisc doesn't exists");
          addClsact(kernel, a.ifindex);
          addBpfFilter(kernel, filter, tc, 'x');
          expectWords(() => addBpfFilter(kernel, filter, tc, 'x'), 'EEXIST', 'Filter already exists');
          attach('native');
          expectWords(() => attach('native'), 'EBUSY', 'XDP program already attached');
          expectWords(() => attach('generic'), 'EEXIST', "Native and generic XDP can't be active at the same time");
        } finally {
          kernel.close(xdp);
          kernel.close(tc);
        }
      }),
    ));
});

function expectWords(action: () => void, code: string, words: string): void {
  expect(action)
    .to.throw(words)
    .that.satisfies((error: unknown) => isSystemError(error, code));
  try {
    action();
  } catch (error) {
    expect((error as SystemError).kernelText).to.equal(words);
  }
}

import { expect } from 'chai';
import { detachLink } from '../../src/kernel/bpf/link.ts';
import { linkInfo, linkTypes, programInfo } from '../../src/kernel/bpf/info.ts';
import { objectIds } from '../../src/kernel/bpf/id.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { attachXdp, attachXdpLink, detachXdp, updateXdpLink } from '../../src/xdp/attach.ts';
import type { XdpAttachment } from '../../src/xdp/attach.ts';
import { inspectXdp } from '../../src/xdp/inspect.ts';
import { expectRefusal } from '../support/expect-refusal.ts';
import { pings, withNamespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { TC_ACT_UNSPEC, XDP_DROP, XDP_PASS, loadTc, loadXdp, loadXdpWithoutFrags } from '../support/tiny-program.ts';

describe('XDP on the real kernel', () => {
  let kernel: Kernel;
  let pass: number;
  let drop: number;

  before(async function () {
    kernel = await openRealKernel(this);
    pass = loadXdp(kernel, XDP_PASS);
    drop = loadXdp(kernel, XDP_DROP);
  });
  after(() => {
    for (const descriptor of [pass, drop]) if (descriptor !== undefined) kernel.close(descriptor);
  });

  const idOf = (descriptor: number) => programInfo(kernel, descriptor).id;
  const noLink = { kind: 'no-link' };

  for (const mode of ['native', 'generic'] as const) {
    it(`${mode}: attaches, replaces, and detaches, as ip link shows`, () =>
      withNamespaces(kernel, ({ a, b }) => {
        const place = { ifindex: a.ifindex, mode };
        a.inside(() => {
          attachXdp(kernel, { ...place, programDescriptor: pass });
          expect(inspectXdp(kernel, a.ifindex)).to.deep.equal([{ mode, programId: idOf(pass), heldBy: noLink }]);
        });
        expect(a.run('ip', '-d', 'link', 'show', 'va')).to.match(
          new RegExp(`${mode === 'generic' ? 'xdpgeneric' : 'xdp'} .*prog/xdp id ${idOf(pass)} name tiny_xdp`, 's'),
        );
        expect(pings(b, a)).to.equal(true);
        a.inside(() => {
          const expected = { kind: 'program', descriptor: pass } as const;
          attachXdp(kernel, { ...place, programDescriptor: drop, expected });
        });
        expect(pings(b, a)).to.equal(false);
        a.inside(() => {
          detachXdp(kernel, place, { kind: 'program', descriptor: drop });
          expect(inspectXdp(kernel, a.ifindex)).to.deep.equal([]);
        });
        expect(pings(b, a)).to.equal(true);
      }));
  }

  it('leaves what is there alone when it is not what was expected', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        const place = { ifindex: a.ifindex, mode: 'native' } as const;
        const there = () => inspectXdp(kernel, a.ifindex).map(({ programId }) => programId);
        attachXdp(kernel, { ...place, programDescriptor: pass });
        expectRefusal('occupied', () => attachXdp(kernel, { ...place, programDescriptor: drop }));
        const wrong = { kind: 'program', descriptor: drop } as const;
        expectRefusal('changed', () => attachXdp(kernel, { ...place, programDescriptor: drop, expected: wrong }));
        expectRefusal('changed', () => detachXdp(kernel, place, wrong));
        expectRefusal('changed', () => detachXdp(kernel, { ...place, mode: 'generic' }, wrong));
        expect(there()).to.deep.equal([idOf(pass)]);
        attachXdp(kernel, { ...place, programDescriptor: drop, expected: { kind: 'anything' } });
        expect(there()).to.deep.equal([idOf(drop)]);
        detachXdp(kernel, place, { kind: 'anything' });
        expectRefusal('changed', () => attachXdp(kernel, { ...place, programDescriptor: drop, expected: wrong }));
        detachXdp(kernel, place, { kind: 'anything' });
        expect(there()).to.deep.equal([]);
      }),
    ));

  it('says in words why not, and what to do', () =>
    withNamespaces(kernel, ({ a, b }) => {
      const tc = loadTc(kernel, TC_ACT_UNSPEC);
      const attach = (change: Partial<XdpAttachment>) => () =>
        attachXdp(kernel, { ifindex: a.ifindex, mode: 'native', programDescriptor: pass, ...change });
      try {
        a.inside(() => {
          const offload = expectRefusal('mode-not-supported', attach({ mode: 'offload' }));
          expect(offload.message).to.equal('va: its card cannot run XDP programs itself (--mode offload)');
          expect(offload.remedy).to.equal('use --mode native or --mode generic');
          expect(expectRefusal('no-interface', attach({ ifindex: 999 })).message).to.equal(
            'interface 999: there is no such interface here (any more)',
          );
          expect(expectRefusal('wrong-program-type', attach({ programDescriptor: tc })).message).to.equal(
            'program tiny_tc is of type sched-cls; this hook takes xdp',
          );
          attach({})();
          const otherMode = expectRefusal('other-mode', attach({ mode: 'generic' }));
          expect(otherMode.message).to.equal(
            'va has an XDP program in native mode; one in generic mode cannot be beside it',
          );
          detachXdp(kernel, { ifindex: a.ifindex, mode: 'native' }, { kind: 'anything' });
        });
        for (const end of [a, b]) end.run('ip', 'link', 'set', end.interface, 'mtu', '9000');
        a.inside(() => {
          // With frags support the MTU does not matter.
          attach({})();
          detachXdp(kernel, { ifindex: a.ifindex, mode: 'native' }, { kind: 'anything' });
          const withoutFrags = loadXdpWithoutFrags(kernel);
          try {
            const tooLarge = expectRefusal('mtu-too-large', attach({ programDescriptor: withoutFrags }));
            expect(tooLarge.message).to.include('veth: Peer MTU is too large to set XDP');
          } finally {
            kernel.close(withoutFrags);
          }
          expect(inspectXdp(kernel, a.ifindex)).to.deep.equal([]);
        });
      } finally {
        kernel.close(tc);
      }
    }));

  it('an interface that goes away is told as that', () =>
    withNamespaces(kernel, ({ a }) => {
      a.run('ip', 'link', 'delete', 'va');
      a.inside(() => {
        const attach = () => attachXdp(kernel, { ifindex: a.ifindex, mode: 'native', programDescriptor: pass });
        expectRefusal('no-interface', attach);
        expectRefusal('no-interface', () =>
          attachXdpLink(kernel, { ifindex: a.ifindex, mode: 'native', programDescriptor: pass }),
        );
        expect(inspectXdp(kernel, a.ifindex)).to.deep.equal([]);
      });
    }));

  it('by a link: nobody else replaces or removes it, and it goes with its last descriptor', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        const place = { ifindex: a.ifindex, mode: 'native' } as const;
        const link = attachXdpLink(kernel, { ...place, programDescriptor: pass });
        try {
          const linkId = linkInfo(kernel, link).id;
          const state = (program: number) => [
            { mode: 'native', programId: idOf(program), heldBy: { kind: 'link', linkId } },
          ];
          expect(inspectXdp(kernel, a.ifindex)).to.deep.equal(state(pass));
          for (const expected of [
            { kind: 'nothing' },
            { kind: 'anything' },
            { kind: 'program', descriptor: pass },
          ] as const)
            expectRefusal('held-by-link', () => attachXdp(kernel, { ...place, programDescriptor: drop, expected }));
          expectRefusal('held-by-link', () => detachXdp(kernel, place, { kind: 'anything' }));
          expectRefusal('held-by-link', () => attachXdpLink(kernel, { ...place, programDescriptor: drop }));
          expectRefusal('changed', () => updateXdpLink(kernel, link, drop, drop));
          updateXdpLink(kernel, link, drop, pass);
          expect(inspectXdp(kernel, a.ifindex)).to.deep.equal(state(drop));
        } finally {
          kernel.close(link);
        }
        expect(inspectXdp(kernel, a.ifindex)).to.deep.equal([]);
      }),
    ));

  it('a link whose interface has gone says so', () =>
    withNamespaces(kernel, ({ a }) => {
      const link = a.inside(() =>
        attachXdpLink(kernel, { ifindex: a.ifindex, mode: 'native', programDescriptor: pass }),
      );
      try {
        a.run('ip', 'link', 'delete', 'va');
        expectRefusal('no-interface', () => updateXdpLink(kernel, link, drop, pass));
      } finally {
        kernel.close(link);
      }
    }));

  it('a detached link is an empty shell', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        const link = attachXdpLink(kernel, { ifindex: a.ifindex, mode: 'generic', programDescriptor: pass });
        try {
          expect(inspectXdp(kernel, a.ifindex)).to.have.length(1);
          detachLink(kernel, link);
          expect(inspectXdp(kernel, a.ifindex)).to.deep.equal([]);
          expect(linkInfo(kernel, link)).to.include({ type: linkTypes.xdp, ifindex: 0 });
          expect([...objectIds(kernel, 'link')]).to.include(linkInfo(kernel, link).id);
        } finally {
          kernel.close(link);
        }
      }),
    ));

  it('a link does not take the place of a program attached by netlink', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        const place = { ifindex: a.ifindex, mode: 'native' } as const;
        attachXdp(kernel, { ...place, programDescriptor: pass });
        expectRefusal('occupied', () => attachXdpLink(kernel, { ...place, programDescriptor: drop }));
      }),
    ));
});

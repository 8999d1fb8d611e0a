import { expect } from 'chai';
import { linkInfo, programInfo } from '../../src/kernel/bpf/info.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { addBpfFilter } from '../../src/kernel/netlink/filter.ts';
import { attachTc, attachTcxLink, detachTc, replaceTc, updateTcxLink } from '../../src/tc/attach.ts';
import { inspectTc } from '../../src/tc/inspect.ts';
import { expectRefusal } from '../support/expect-refusal.ts';
import { pings, withNamespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { TC_ACT_SHOT, TC_ACT_UNSPEC, XDP_PASS, loadTc, loadXdp } from '../support/tiny-program.ts';

describe('TC on the real kernel', () => {
  let kernel: Kernel;
  let pass: number;
  let drop: number;

  before(async function () {
    kernel = await openRealKernel(this);
    pass = loadTc(kernel, TC_ACT_UNSPEC);
    drop = loadTc(kernel, TC_ACT_SHOT);
  });
  after(() => {
    for (const descriptor of [pass, drop]) if (descriptor !== undefined) kernel.close(descriptor);
  });

  const idOf = (descriptor: number) => programInfo(kernel, descriptor).id;
  const nothing = { qdisc: undefined, filters: [], tcx: [] };

  for (const direction of ['ingress', 'egress'] as const) {
    it(`${direction}: attaches, replaces and detaches, as tc shows, and leaves nothing`, () =>
      withNamespaces(kernel, ({ a, b }) => {
        const place = { ifindex: a.ifindex, direction };
        const shown = () => a.run('tc', 'filter', 'show', 'dev', 'va', direction);
        a.inside(() => {
          attachTc(kernel, { ...place, programDescriptor: pass });
          const { qdisc, filters, tcx } = inspectTc(kernel, a.ifindex, direction);
          expect({ qdisc, tcx }).to.deep.equal({ qdisc: 'clsact', tcx: [] });
          expect(filters).to.have.length(1);
          expect(filters[0]).to.include({ ours: true, directAction: true, priority: 10, programId: idOf(pass) });
        });
        expect(shown()).to.match(/pref 10 bpf .* handle 0x706b7466 pktf\+clsact direct-action .* name tiny_tc /);
        expect(pings(b, a)).to.equal(true);
        a.inside(() => replaceTc(kernel, { ...place, programDescriptor: drop }, idOf(pass)));
        expect(shown()).to.include(`id ${idOf(drop)} name tiny_tc`);
        expect(pings(b, a)).to.equal(false);
        a.inside(() => {
          detachTc(kernel, place, idOf(drop));
          expect(inspectTc(kernel, a.ifindex, direction)).to.deep.equal(nothing);
        });
        expect(a.run('tc', 'qdisc', 'show', 'dev', 'va')).to.not.include('clsact');
        expect(pings(b, a)).to.equal(true);
      }));
  }

  it('leaves what is there alone when it is not what was expected', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        const place = { ifindex: a.ifindex, direction: 'ingress' } as const;
        expectRefusal('nothing-attached', () => detachTc(kernel, place, idOf(pass)));
        expectRefusal('nothing-attached', () => replaceTc(kernel, { ...place, programDescriptor: drop }, idOf(pass)));
        attachTc(kernel, { ...place, programDescriptor: pass });
        expectRefusal('occupied', () => attachTc(kernel, { ...place, programDescriptor: drop }));
        expectRefusal('changed', () => replaceTc(kernel, { ...place, programDescriptor: drop }, idOf(drop)));
        expectRefusal('changed', () => detachTc(kernel, place, idOf(drop)));
        const { filters } = inspectTc(kernel, a.ifindex, 'ingress');
        expect(filters.map(({ programId }) => programId)).to.deep.equal([idOf(pass)]);
      }),
    ));

  it('the last of two directions takes the qdisc with it, in whatever order, after a replacement, too', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        for (const order of [
          ['ingress', 'egress'],
          ['egress', 'ingress'],
        ] as const) {
          for (const direction of ['ingress', 'egress'] as const) {
            attachTc(kernel, { ifindex: a.ifindex, direction, programDescriptor: pass });
            replaceTc(kernel, { ifindex: a.ifindex, direction, programDescriptor: drop }, idOf(pass));
          }
          detachTc(kernel, { ifindex: a.ifindex, direction: order[0] }, idOf(drop));
          expect(inspectTc(kernel, a.ifindex, order[1]).filters).to.have.length(1);
          detachTc(kernel, { ifindex: a.ifindex, direction: order[1] }, idOf(drop));
          expect(inspectTc(kernel, a.ifindex, 'ingress')).to.deep.equal(nothing);
        }
      }),
    ));

  it('keeps the qdisc and the filters of others', () =>
    withNamespaces(kernel, ({ a }) => {
      const place = { ifindex: a.ifindex, direction: 'ingress' } as const;
      a.run('tc', 'qdisc', 'add', 'dev', 'va', 'clsact');
      a.inside(() => {
        attachTc(kernel, { ...place, programDescriptor: pass });
        detachTc(kernel, place, idOf(pass));
        expect(inspectTc(kernel, a.ifindex, 'ingress')).to.deep.equal({ ...nothing, qdisc: 'clsact' });
      });
      a.run('tc', 'qdisc', 'del', 'dev', 'va', 'clsact');
      a.inside(() => {
        attachTc(kernel, { ...place, programDescriptor: pass });
        addBpfFilter(kernel, { ...place, direction: 'egress', priority: 10, handle: 1 }, drop, 'pktf');
        detachTc(kernel, place, idOf(pass));
        const egress = inspectTc(kernel, a.ifindex, 'egress');
        expect(egress.qdisc).to.equal('clsact');
        expect(egress.filters.map(({ name, ours }) => ({ name, ours }))).to.deep.equal([{ name: 'pktf', ours: false }]);
      });
    }));

  it('says in words why not, and leaves nothing behind', () =>
    withNamespaces(kernel, ({ a }) => {
      const xdp = loadXdp(kernel, XDP_PASS);
      try {
        a.inside(() => {
          const ingress = { ifindex: a.ifindex, direction: 'ingress', programDescriptor: pass } as const;
          const wrongType = expectRefusal('wrong-program-type', () =>
            attachTc(kernel, { ...ingress, programDescriptor: xdp }),
          );
          expect(wrongType.message).to.equal('program tiny_xdp is of type xdp; this hook takes sched-cls');
          expectRefusal('wrong-program-type', () => attachTcxLink(kernel, { ...ingress, programDescriptor: xdp }));
          expect(inspectTc(kernel, a.ifindex, 'ingress')).to.deep.equal(nothing);
          expectRefusal('no-interface', () => attachTc(kernel, { ...ingress, ifindex: 999 }));
          expectRefusal('no-interface', () => attachTcxLink(kernel, { ...ingress, ifindex: 999 }));
          expectRefusal('no-interface', () => detachTc(kernel, { ...ingress, ifindex: 999 }, 1));
        });
      } finally {
        kernel.close(xdp);
      }
    }));

  it('the old ingress qdisc carries ingress, and is no place for egress', () =>
    withNamespaces(kernel, ({ a }) => {
      a.run('tc', 'qdisc', 'add', 'dev', 'va', 'ingress');
      a.inside(() => {
        const place = { ifindex: a.ifindex, direction: 'ingress' } as const;
        attachTc(kernel, { ...place, programDescriptor: pass });
        expectRefusal('no-egress-side', () =>
          attachTc(kernel, { ...place, direction: 'egress', programDescriptor: pass }),
        );
        detachTc(kernel, place, idOf(pass));
        expect(inspectTc(kernel, a.ifindex, 'ingress')).to.deep.equal({ ...nothing, qdisc: 'ingress' });
      });
    }));

  it('by a tcx link, without a qdisc', () =>
    withNamespaces(kernel, ({ a, b }) => {
      const { link, linkId } = a.inside(() => {
        const descriptor = attachTcxLink(kernel, { ifindex: a.ifindex, direction: 'egress', programDescriptor: pass });
        return { link: descriptor, linkId: linkInfo(kernel, descriptor).id };
      });
      try {
        const tcx = () => a.inside(() => inspectTc(kernel, a.ifindex, 'egress'));
        expect(tcx()).to.deep.equal({ ...nothing, tcx: [{ programId: idOf(pass), linkId }] });
        expect(pings(b, a)).to.equal(true);
        expectRefusal('changed', () => updateTcxLink(kernel, link, drop, drop));
        updateTcxLink(kernel, link, drop, pass);
        expect(tcx().tcx).to.deep.equal([{ programId: idOf(drop), linkId }]);
        expect(pings(b, a)).to.equal(false);
      } finally {
        kernel.close(link);
      }
      expect(a.inside(() => inspectTc(kernel, a.ifindex, 'egress'))).to.deep.equal(nothing);
      expect(pings(b, a)).to.equal(true);
    }));
});

import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { activeFeatures } from '../../src/kernel/netlink/ethtool.ts';
import { linkByName } from '../../src/kernel/netlink/link.ts';
import { inspectTags } from '../../src/xdp/inspect-tags.ts';
import { withNamespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';

describe('VLAN tags that XDP cannot see', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('are those that the other end of a veth pair does not write', () =>
    withNamespaces(kernel, ({ a }) => {
      a.run('ip', 'link', 'add', 'vc', 'type', 'veth', 'peer', 'name', 'vd');
      const view = () => a.inside(() => inspectTags(kernel, linkByName(kernel, 'vc')!.ifindex));
      const hidden = view();
      expect(hidden).to.deep.equal({
        kind: 'hidden',
        reason: 'vd, the other end of vc, leaves VLAN tags out of the frames',
        remedy: 'ethtool -K vd txvlan off tx-vlan-stag-hw-insert off',
      });
      if (hidden.kind === 'hidden') a.run(...(hidden.remedy.split(' ') as [string]));
      expect(view()).to.deep.equal({ kind: 'in-bytes' });
    }));

  it('cannot be told of a pair whose other end is elsewhere', () =>
    withNamespaces(kernel, ({ a }) => {
      expect(a.inside(() => inspectTags(kernel, a.ifindex))).to.include({
        kind: 'unknown',
        reason: 'the other end of va is in another network namespace',
      });
    }));

  it('are none where there is no such interface, or no such offload', () =>
    withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        expect(inspectTags(kernel, 999)).to.deep.equal({ kind: 'in-bytes' });
        expect(inspectTags(kernel, 1)).to.deep.equal({ kind: 'in-bytes' });
      }),
    ));

  it('the features of an interface are known by name', () =>
    withNamespaces(kernel, ({ a }) => {
      const features = () => a.inside(() => activeFeatures(kernel, a.ifindex))!;
      expect([...features()].filter((name) => name.includes('vlan'))).to.deep.equal([]);
      a.run('ethtool', '-K', 'va', 'txvlan', 'on');
      expect(features().has('tx-vlan-hw-insert')).to.equal(true);
      expect(a.inside(() => activeFeatures(kernel, 999))).to.equal(undefined);
    }));
});

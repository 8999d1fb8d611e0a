import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { linkByName } from '../../src/kernel/netlink/link.ts';
import { enterNetns, insideNetns, networkNamespaceInode } from '../../src/kernel/netns.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { isSystemError } from '../../src/kernel/system-error.ts';
import { withNamespaces } from '../support/netns.ts';
import { openDescriptorCount, openRealKernel } from '../support/real-kernel.ts';

describe('network namespaces', () => {
  it('are opened by name or path', () => {
    const kernel = recordingKernel();
    enterNetns(kernel, 'blue');
    enterNetns(kernel, '/proc/7/ns/net');
    const opened = kernel.calls.filter(({ call }) => call === 'open').map(({ values }) => values[0]);
    expect(opened).to.deep.equal(['/run/netns/blue', '/proc/7/ns/net']);
    expect(kernel.openDescriptors.size).to.equal(0);
  });

  it('are left again whatever happens inside', () => {
    const kernel = recordingKernel();
    const fail = () => {
      throw new Error('inside');
    };
    expect(() => insideNetns(kernel, 'blue', fail)).to.throw('inside');
    const entered = kernel.calls.filter(({ call }) => call === 'enterNamespace').map(({ values }) => values);
    expect(entered).to.deep.equal([
      [101, 0x40000000],
      [100, 0x40000000],
    ]);
    expect(kernel.openDescriptors.size).to.equal(0);
  });

  it('leave no descriptor behind when a step fails', () => {
    for (let nth = 1; nth <= 4; nth += 1) {
      const kernel = recordingKernel({ failures: [{ nth, errno: 1 }] });
      expect(() => insideNetns(kernel, 'blue', () => undefined)).to.throw('EPERM');
      expect(kernel.openDescriptors.size).to.equal(nth === 4 ? 1 : 0);
    }
  });
});

describe('network namespaces of the real kernel', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('are entered and left', () =>
    withNamespaces(kernel, ({ a, b }) => {
      const home = networkNamespaceInode(kernel);
      const descriptors = openDescriptorCount(kernel);
      const inodes = [a, b].map(({ name }) => insideNetns(kernel, name, () => networkNamespaceInode(kernel)));
      expect(new Set([home, ...inodes]).size).to.equal(3);
      expect(insideNetns(kernel, `/run/netns/${a.name}`, () => linkByName(kernel, 'va')?.name)).to.equal('va');
      expect(linkByName(kernel, 'va')).to.equal(undefined);
      expect(networkNamespaceInode(kernel)).to.equal(home);
      expect(openDescriptorCount(kernel)).to.equal(descriptors);
    }));

  it('that are not there are named', () => {
    expect(() => enterNetns(kernel, 'pktf-nonesuch'))
      .to.throw('network namespace pktf-nonesuch: there is none; `ip netns list` shows them')
      .that.satisfies((error: unknown) => isSystemError(error, 'ENOENT'));
    expect(() => enterNetns(kernel, '/proc/self/status')).to.throw('EINVAL');
  });
});

import { expect } from 'chai';
import { attachFilter } from '../../src/appliance/attach.ts';
import { readCounterReports } from '../../src/appliance/counters.ts';
import { detachFilter } from '../../src/appliance/detach.ts';
import { removeStalePins } from '../../src/appliance/stale-pins.ts';
import { readStatus } from '../../src/appliance/status.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { networkNamespaceInode } from '../../src/kernel/netns.ts';
import { pings, withNamespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { interceptedKernel } from './intercepted-kernel.ts';
import { withLaboratory } from './laboratory.ts';
import { eventually } from './eventually.ts';
import { pinsHere } from './place.ts';

describe('pins', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('of a program that somebody else took off are removed by the next one who looks', () =>
    withLaboratory(kernel, ({ a, b }) => {
      a.inside(() => attachFilter(kernel, { interface: 'va', filter: 'tcp' }));
      a.run('ip', 'link', 'set', 'dev', 'va', 'xdp', 'off');
      expect(a.inside(() => readStatus(kernel))).to.deep.equal([]);
      expect(a.inside(() => pinsHere(kernel))).to.not.deep.equal([]);
      a.inside(() => attachFilter(kernel, { interface: 'va', filter: 'tcp', hook: 'tc' }));
      expect(a.inside(() => pinsHere(kernel)).every((pin) => pin.startsWith(`${a.ifindex}/tc/`))).to.equal(true);
      b.inside(() => expect(pinsHere(kernel)).to.deep.equal([]));
    }));

  it('of a namespace that is gone are removed, those of living ones stay', async () => {
    const dead = await withNamespaces(kernel, ({ a }) =>
      a.inside(() => {
        attachFilter(kernel, { interface: 'va', filter: 'tcp' });
        attachFilter(kernel, { interface: 'va', filter: 'tcp', hook: 'tc', link: true });
        return networkNamespaceInode(kernel);
      }),
    );
    await withLaboratory(kernel, async ({ a, b }) => {
      b.inside(() => attachFilter(kernel, { interface: 'vb', filter: 'tcp' }));
      const before = b.inside(() => pinsHere(kernel));
      await eventually(() => {
        a.inside(() => removeStalePins(kernel));
        const inodes = [a, b].map((each) => each.inside(() => networkNamespaceInode(kernel)));
        // The kernel may have given the dead one's number to a new one.
        return inodes.includes(dead) || !kernel.listDirectory('/sys/fs/bpf/pktf').includes(String(dead));
      });
      expect(b.inside(() => pinsHere(kernel))).to.deep.equal(before);
    });
  });

  for (const link of [false, true]) {
    it(`that a crash left staged are believed, and survive the next attempt (${link ? 'by a link' : 'by netlink'})`, () =>
      withLaboratory(kernel, ({ a, b }) => {
        const request = { interface: 'vb', filter: 'icmp', action: 'drop', link } as const;
        const crash = new Error('the process is killed here');
        const crashing = interceptedKernel(kernel, (call) => {
          if (call === 'rename') throw crash;
        });
        b.inside(() => expect(() => attachFilter(crashing, request)).to.throw(crash.message));
        expect(pings(a, b)).to.equal(false);
        b.inside(() => {
          expect(readStatus(kernel, 'vb')[0]).to.deep.include({ owner: 'pktf', filter: 'icmp' });
          expect(readCounterReports(kernel, 'vb')[0]?.rules[0]?.packets).to.equal(1n);
        });
        const refusing = { ...request, filter: 'udp' };
        b.inside(() => expect(() => attachFilter(kernel, refusing)).to.throw('already has'));
        expect(pings(a, b)).to.equal(false);
        b.inside(() => attachFilter(kernel, request));
        b.inside(() => expect(readCounterReports(kernel, 'vb')[0]?.rules[0]?.packets).to.equal(2n));
        b.inside(() => detachFilter(kernel, { interface: 'vb' }));
        expect(pings(a, b)).to.equal(true);
        b.inside(() => expect(pinsHere(kernel)).to.deep.equal([]));
      }));
  }
});

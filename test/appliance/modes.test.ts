import { expect } from 'chai';
import { ApplianceError } from '../../src/appliance/appliance-error.ts';
import { attachFilter, type Attached, type AttachRequest } from '../../src/appliance/attach.ts';
import { detachFilter } from '../../src/appliance/detach.ts';
import { readStatus } from '../../src/appliance/status.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Namespace } from '../support/netns.ts';
import { expectRefusal } from '../support/expect-refusal.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { withLaboratory } from './laboratory.ts';
import { pinsHere } from './place.ts';

describe('XDP modes', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const attach = (at: Namespace, request: Omit<AttachRequest, 'filter'>): Attached =>
    at.inside(() => attachFilter(kernel, { filter: 'icmp', ...request }));

  it('native where the driver can, without a word', () =>
    withLaboratory(kernel, ({ a }) => {
      expect(attach(a, { interface: 'va' })).to.deep.include({ mode: 'native', remarks: [] });
      expect(a.run('ip', '-d', 'link', 'show', 'va')).to.match(/prog\/xdp id \d+ name pktf_xdp/);
    }));

  it('generic where it cannot, said aloud', () =>
    withLaboratory(kernel, ({ a }) => {
      const { mode, remarks } = attach(a, { interface: 'lo' });
      expect(mode).to.equal('generic');
      expect(remarks).to.have.lengthOf(1);
      expect(remarks[0]).to.match(/^lo: .*; attached in generic mode, which is slower$/);
      expect(a.inside(() => readStatus(kernel, 'lo'))[0]).to.deep.include({ mode: 'generic' });
      a.run('ping', '-c1', '-W1', '127.0.0.1');
      const [status] = a.inside(() => readStatus(kernel, 'lo'));
      expect(status?.rules[0]).to.deep.include({ name: 'match', packets: 2n });
    }));

  it('generic by a link, too', () =>
    withLaboratory(kernel, ({ a }) => {
      expect(attach(a, { interface: 'lo', link: true }).mode).to.equal('generic');
      expect(a.inside(() => readStatus(kernel, 'lo'))[0]).to.deep.include({ mode: 'generic', held: 'link' });
    }));

  it('a mode that is asked for never falls back', () =>
    withLaboratory(kernel, ({ a }) => {
      expectRefusal('mode-not-supported', () => attach(a, { interface: 'lo', mode: 'native' }));
      expectRefusal('mode-not-supported', () => attach(a, { interface: 'va', mode: 'offload' }));
      expectRefusal('mode-not-supported', () => attach(a, { interface: 'va', mode: 'offload', link: true }));
      expect(a.inside(() => pinsHere(kernel))).to.deep.equal([]);
      expect(attach(a, { interface: 'va', mode: 'generic' }).mode).to.equal('generic');
      expect(a.run('ip', '-d', 'link', 'show', 'va')).to.include('xdpgeneric');
      a.inside(() => detachFilter(kernel, { interface: 'va' }));
      expect(a.run('ip', '-d', 'link', 'show', 'va')).not.to.include('xdp');
    }));

  it('stays what it was over a replace; another one does not take its place', () =>
    withLaboratory(kernel, ({ a }) => {
      attach(a, { interface: 'va', mode: 'generic' });
      expect(attach(a, { interface: 'va' }).mode).to.equal('generic');
      expect(() => attach(a, { interface: 'va', mode: 'native' })).to.throw(ApplianceError, 'in generic mode');
    }));

  it('are for XDP only', () =>
    withLaboratory(kernel, ({ a }) => {
      expect(() => attach(a, { interface: 'va', hook: 'tc', mode: 'native' })).to.throw(
        ApplianceError,
        '--mode native',
      );
    }));
});

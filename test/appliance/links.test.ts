import { expect } from 'chai';
import { ApplianceError } from '../../src/appliance/appliance-error.ts';
import { attachFilter, type Attached, type AttachRequest } from '../../src/appliance/attach.ts';
import { detachFilter } from '../../src/appliance/detach.ts';
import { readStatus } from '../../src/appliance/status.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { pings, type Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { withLaboratory } from './laboratory.ts';
import { pinsHere } from './place.ts';

describe('--link', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const attach = (at: Namespace, request: Omit<AttachRequest, 'interface'>): Attached =>
    at.inside(() => attachFilter(kernel, { link: true, ...request, interface: at.interface }));
  const refused = (action: () => unknown): string => {
    try {
      action();
    } catch {
      return 'refused';
    }
    return 'done';
  };

  it('is not removed by `ip link set xdp off`, nor replaced by another program', () =>
    withLaboratory(kernel, ({ a, b }) => {
      attach(b, { filter: 'icmp', action: 'drop' });
      expect(refused(() => b.run('ip', 'link', 'set', 'dev', 'vb', 'xdp', 'off'))).to.equal('refused');
      expect(pings(a, b)).to.equal(false);
      expect(b.inside(() => readStatus(kernel, 'vb'))[0]).to.deep.include({ held: 'link', owner: 'pktf' });
      b.inside(() => detachFilter(kernel, { interface: 'vb' }));
      expect(pings(a, b)).to.equal(true);
      expect(b.inside(() => pinsHere(kernel))).to.deep.equal([]);
    }));

  for (const hook of ['tc', 'tc-egress'] as const) {
    it(`at ${hook} is a tcx link, which \`tc\` neither shows nor removes`, () =>
      withLaboratory(kernel, ({ a, b }) => {
        attach(b, { filter: 'icmp', action: 'drop', hook });
        expect(b.run('tc', 'qdisc', 'show', 'dev', 'vb')).not.to.include('clsact');
        expect(pings(a, b)).to.equal(false);
        expect(b.inside(() => readStatus(kernel, 'vb'))[0]).to.deep.include({ held: 'link', hook, filter: 'icmp' });
        b.inside(() => detachFilter(kernel, { interface: 'vb', hook }));
        expect(pings(a, b)).to.equal(true);
        expect(b.inside(() => pinsHere(kernel))).to.deep.equal([]);
      }));
  }

  for (const hook of ['xdp', 'tc'] as const) {
    it(`lives on when its program is replaced, again and again (${hook})`, () =>
      withLaboratory(kernel, ({ a, b }) => {
        attach(b, { filter: 'icmp', action: 'drop', hook });
        attach(b, { filter: 'udp', action: 'drop', hook, replace: true });
        expect(pings(a, b)).to.equal(true);
        const { programId } = attach(b, { filter: 'icmp', action: 'drop', hook, replace: true });
        expect(pings(a, b)).to.equal(false);
        const [status, ...others] = b.inside(() => readStatus(kernel, 'vb'));
        expect(status).to.deep.include({ programId, held: 'link' });
        expect(others).to.deep.equal([]);
        expect(b.inside(() => pinsHere(kernel)).filter((pin) => pin.includes('link'))).to.deep.equal([
          `${b.ifindex}/${hook}/link`,
        ]);
      }));

    it(`cannot take over from a program without one, nor the other way round (${hook})`, () =>
      withLaboratory(kernel, ({ b }) => {
        attach(b, { filter: 'icmp', hook, link: false });
        expect(() => attach(b, { filter: 'icmp', hook })).to.throw(ApplianceError, 'held without a link');
        b.inside(() => detachFilter(kernel, { interface: 'vb' }));
        attach(b, { filter: 'icmp', hook });
        expect(() => attach(b, { filter: 'icmp', hook, link: false })).to.throw(ApplianceError, 'held by a link');
      }));
  }

  it('needs a place to pin it that lasts', () =>
    withLaboratory(kernel, ({ b }) => {
      // `ip netns exec` makes a mount namespace of its own, whose bpffs goes with the command.
      const program = `
        const { openLinuxKernel } = await import(${JSON.stringify(new URL('../../src/kernel/linux/index.js', import.meta.url).href)});
        const { attachFilter } = await import(${JSON.stringify(new URL('../../src/appliance/attach.js', import.meta.url).href)});
        try {
          attachFilter(openLinuxKernel(), { interface: 'vb', filter: 'tcp', link: true });
        } catch (error) { console.log(error.code, error.message); }`;
      const said = b.run(process.execPath, '--input-type=module', '-e', program);
      expect(said).to.match(/^no-bpffs --link needs a pin that lasts/);
      expect(b.inside(() => readStatus(kernel, 'vb'))).to.deep.equal([]);
    }));
});

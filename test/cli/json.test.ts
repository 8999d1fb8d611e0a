import { expect } from 'chai';
import { fileURLToPath } from 'node:url';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { frame } from '../appliance/frames.ts';
import { silence, withLaboratory } from '../appliance/laboratory.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { pktf, pktfJson, pktfPrints } from './pktf.ts';

const mixed = fileURLToPath(new URL('../../../test/pcaps/mixed.pcap', import.meta.url));

interface Place {
  readonly interface: string;
  readonly hook: string;
  readonly mode?: string;
  readonly rules: readonly { name: string; action: string; packets: number; bytes: number }[];
}

describe('--json, one document with what people build on', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('attach, status, counters, detach', () =>
    withLaboratory(kernel, (namespaces) => {
      silence(namespaces);
      const { a, b } = namespaces;
      const at = ['--netns', b.name];
      const attached = pktfJson('attach', 'vb', 'udp port 53', '--action', 'drop', ...at) as { programId: number };
      expect(attached).to.deep.include({
        interface: 'vb',
        hook: 'xdp',
        mode: 'native',
        action: 'drop',
        link: false,
        replaced: false,
      });
      pktfPrints('attach', 'vb', 'tcp', '--hook', 'tc-egress', ...at);
      a.send(frame('udp 10.0.0.1:7 > 10.0.0.2:53 len 90'), frame('udp 10.0.0.1:7 > 10.0.0.2:54 len 100'));
      const rules = [
        { name: 'match', action: 'drop', packets: 1, bytes: 90 },
        { name: 'default', action: 'pass', packets: 1, bytes: 100 },
        { name: 'malformed', action: 'pass', packets: 0, bytes: 0 },
      ];
      const counters = pktfJson('counters', ...at) as Place[];
      expect(counters[0]).to.deep.equal({ interface: 'vb', hook: 'xdp', mode: 'native', rules });
      expect(counters.map(({ hook }) => hook)).to.deep.equal(['xdp', 'tc-egress']);
      const [status] = pktfJson('status', 'vb', ...at) as (Place & { since: string })[];
      expect(status).to.deep.include({
        interface: 'vb',
        hook: 'xdp',
        mode: 'native',
        programId: attached.programId,
        owner: 'pktf',
        held: 'netlink',
        filter: 'udp port 53',
        action: 'drop',
        rules,
      });
      expect(Date.now() - Date.parse(status!.since)).to.be.within(0, 60_000);
      expect((pktfJson('counters', '--reset', ...at) as Place[])[0]!.rules).to.deep.equal(rules);
      expect((pktfJson('counters', ...at) as Place[])[0]!.rules.map(({ packets }) => packets)).to.deep.equal([0, 0, 0]);
      const detached = pktfJson('detach', 'vb', '--hook', 'xdp', ...at) as Place[];
      expect(detached).to.deep.equal([{ interface: 'vb', hook: 'xdp', programId: attached.programId }]);
      pktfPrints('detach', 'vb', ...at);
      expect(pktfJson('status', ...at)).to.deep.equal([]);
      expect(pktfJson('counters', ...at)).to.deep.equal([]);
    }));

  it('replay', () => {
    expect(pktfJson('replay', mixed, 'tcp port 22')).to.deep.include({ packets: 30, matched: 6 });
    expect(pktfJson('replay', mixed, '-r', mixed, 'tcp port 22', '--count')).to.deep.include({
      packets: 60,
      matched: 12,
    });
    expect(pktfJson('replay', mixed, 'tcp port 22', '--engine', 'interpreter')).to.deep.include({ matched: 6 });
    expect(pktfJson('replay', mixed, 'tcp port 22', '--engine', 'all')).to.deep.include({ disagreements: 0 });
  });

  it('compile, features', () => {
    const { instructions } = pktfJson('compile', 'tcp port 22') as { instructions: unknown[] };
    expect(instructions).to.have.lengthOf.greaterThan(10);
    expect(pktfJson('compile', '--target', 'xdp', '--action', 'drop', 'tcp port 22')).to.deep.include({
      target: 'xdp',
      action: 'drop',
      counters: ['match', 'default', 'malformed'],
    });
    const features = pktfJson('features') as { name: string; available: boolean; detail: string }[];
    expect(features.map(({ name }) => name)).to.include.members(['attach', 'capture', 'xdp', 'tc', 'bpffs', 'jit']);
    for (const { detail } of features) expect(detail).not.to.equal('');
  });

  it('and nothing but the error where there is one', () => {
    for (const words of [
      ['status', 'nosuch0'],
      ['compile', 'tcp prot'],
      ['replay', '/nosuch', 'tcp'],
      ['detach', 'lo'],
    ]) {
      const { code, stdout } = pktf(...words, '--json');
      expect([code, stdout], words.join(' ')).to.deep.equal([1, '']);
    }
  });
});

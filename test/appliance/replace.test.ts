import { expect } from 'chai';
import { ApplianceError } from '../../src/appliance/appliance-error.ts';
import { attachFilter, type Attached, type AttachRequest } from '../../src/appliance/attach.ts';
import { readCounterReports, resetCounters } from '../../src/appliance/counters.ts';
import { detachFilter } from '../../src/appliance/detach.ts';
import { readStatus } from '../../src/appliance/status.ts';
import { isAttachError } from '../../src/kernel/attach-error.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { attachXdp } from '../../src/xdp/attach.ts';
import { addBpfFilter } from '../../src/kernel/netlink/filter.ts';
import { linkByName } from '../../src/kernel/netlink/link.ts';
import { frame } from './frames.ts';
import { pings, type Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { loadTc, loadXdp, TC_ACT_UNSPEC, XDP_PASS } from '../support/tiny-program.ts';
import { silence, withLaboratory } from './laboratory.ts';
import { pinsHere } from './place.ts';

const hooks = ['xdp', 'tc'] as const;

/** @returns the error's code */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ApplianceError || isAttachError(error)) return error.code;
    throw error;
  }
  return 'done';
}

describe('replacing', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const attach = (at: Namespace, request: Omit<AttachRequest, 'interface'>): Attached =>
    at.inside(() => attachFilter(kernel, { ...request, interface: at.interface }));
  const counted = (at: Namespace): readonly (readonly [string, number, number])[] =>
    at
      .inside(() => readCounterReports(kernel, at.interface))
      .flatMap(({ rules }) => rules)
      .map(({ name, packets, bytes }) => [name, Number(packets), Number(bytes)]);

  for (const hook of hooks) {
    it(`another filter or another action only when told to (${hook})`, () =>
      withLaboratory(kernel, ({ a }) => {
        const first = attach(a, { filter: 'tcp port 22', hook });
        expect(first).to.deep.include({ replaced: false, action: 'count', link: false, hook });
        expect(refusal(() => attach(a, { filter: 'udp port 53', hook }))).to.equal('occupied');
        expect(refusal(() => attach(a, { filter: 'tcp port 22', hook, action: 'drop' }))).to.equal('occupied');
        expect(a.inside(() => readStatus(kernel, 'va')).map(({ programId }) => programId)).to.deep.equal([
          first.programId,
        ]);
        const second = attach(a, { filter: 'udp port 53', hook, replace: true });
        expect(second.replaced).to.equal(true);
        expect(a.inside(() => readStatus(kernel, 'va'))).to.have.lengthOf(1);
        expect(a.inside(() => readStatus(kernel, 'va'))[0]).to.deep.include({
          programId: second.programId,
          filter: 'udp port 53',
          owner: 'pktf',
          held: 'netlink',
        });
      }));

    it(`the same filter by itself, and its counters go on (${hook})`, () =>
      withLaboratory(kernel, (namespaces) => {
        silence(namespaces);
        const { a, b } = namespaces;
        attach(b, { filter: 'udp port 53', hook });
        a.send(frame('udp 10.0.0.1:53 > 10.0.0.2:999'), frame('udp 10.0.0.1:7 > 10.0.0.2:999 len 100'));
        const once = [
          ['match', 1, 42],
          ['default', 2, 142],
          ['malformed', 0, 0],
        ];
        expect(counted(b)).to.deep.equal(once);
        for (let round = 0; round < 3; round++) {
          expect(attach(b, { filter: 'udp port 53', hook }).replaced).to.equal(true);
          expect(counted(b)).to.deep.equal(once);
        }
        a.send(frame('udp 10.0.0.1:53 > 10.0.0.2:999 len 60'));
        expect(counted(b)).to.deep.equal([
          ['match', 2, 102],
          ['default', 3, 202],
          ['malformed', 0, 0],
        ]);
      }));

    it(`another filter starts from zero (${hook})`, () =>
      withLaboratory(kernel, (namespaces) => {
        silence(namespaces);
        const { a, b } = namespaces;
        attach(b, { filter: 'udp port 53', hook });
        a.send(frame('udp 10.0.0.1:53 > 10.0.0.2:999'));
        attach(b, { filter: 'udp port 54', hook, replace: true });
        expect(counted(b).every(([, packets, bytes]) => packets === 0 && bytes === 0)).to.equal(true);
      }));

    it(`keeps a reset's zero, and a reset tells what was counted until then (${hook})`, () =>
      withLaboratory(kernel, (namespaces) => {
        silence(namespaces);
        const { a, b } = namespaces;
        attach(b, { filter: 'udp port 53', hook });
        const one = frame('udp 10.0.0.1:53 > 10.0.0.2:999');
        a.send(one, one);
        const [report] = b.inside(() => resetCounters(kernel, 'vb'));
        expect(report?.rules[0]).to.deep.equal({ name: 'match', action: 'count', packets: 2n, bytes: 84n });
        expect(counted(b)[0]).to.deep.equal(['match', 0, 0]);
        a.send(one);
        attach(b, { filter: 'udp port 53', hook });
        expect(counted(b)[0]).to.deep.equal(['match', 1, 42]);
        b.inside(() => resetCounters(kernel, 'vb'));
        b.inside(() => resetCounters(kernel, 'vb'));
        a.send(one, one, one);
        expect(counted(b)).to.deep.equal([
          ['match', 3, 126],
          ['default', 3, 126],
          ['malformed', 0, 0],
        ]);
      }));
  }

  it('never lets a packet through in between', () =>
    withLaboratory(kernel, ({ a, b }) => {
      attach(b, { filter: 'udp', action: 'drop' });
      const one = frame('udp 10.77.0.1:53 > 10.77.0.2:999');
      const before = receivedUdp(b);
      for (let round = 0; round < 20; round++) {
        attach(b, { filter: round % 2 === 0 ? 'ip proto 17' : 'udp', action: 'drop', replace: true });
        a.send(one);
      }
      expect(receivedUdp(b)).to.equal(before);
    }));

  it('a foreign program only when told to; detaching never', () =>
    withLaboratory(kernel, ({ a }) => {
      const { ifindex } = a;
      a.inside(() => {
        const program = loadXdp(kernel, XDP_PASS);
        attachXdp(kernel, { ifindex, mode: 'native', programDescriptor: program });
        kernel.close(program);
      });
      const foreign = linkId(a, kernel);
      expect(() => attach(a, { filter: 'tcp' })).to.throw(ApplianceError, "which is not pktf's");
      expect(refusal(() => a.inside(() => detachFilter(kernel, { interface: 'va' })))).to.equal('not-attached');
      expect(refusal(() => a.inside(() => detachFilter(kernel, { interface: 'va', hook: 'xdp' })))).to.equal(
        'not-ours',
      );
      expect(a.inside(() => readStatus(kernel, 'va'))[0]).to.deep.include({ owner: 'foreign', name: 'tiny_xdp' });
      expect(a.inside(() => readCounterReports(kernel, 'va'))).to.deep.equal([]);
      expect(linkId(a, kernel)).to.equal(foreign);

      const { programId } = attach(a, { filter: 'tcp', replace: true });
      expect(linkId(a, kernel)).to.equal(programId);
      a.inside(() => detachFilter(kernel, { interface: 'va' }));
      expect(linkId(a, kernel)).to.equal(undefined);
    }));

  it('a foreign program in generic mode stays in its mode unless --mode says otherwise, which cannot be', () =>
    withLaboratory(kernel, ({ a }) => {
      const { ifindex } = a;
      a.inside(() => {
        const program = loadXdp(kernel, XDP_PASS);
        attachXdp(kernel, { ifindex, mode: 'generic', programDescriptor: program });
        kernel.close(program);
      });
      expect(refusal(() => attach(a, { filter: 'tcp', replace: true, mode: 'native' }))).to.equal('occupied');
      expect(attach(a, { filter: 'tcp', replace: true }).mode).to.equal('generic');
    }));

  it('at TC other filters stand beside ours and stay', () =>
    withLaboratory(kernel, ({ a, b }) => {
      b.run('tc', 'qdisc', 'add', 'dev', 'vb', 'clsact');
      b.inside(() => {
        const program = loadTc(kernel, TC_ACT_UNSPEC);
        addBpfFilter(kernel, { ifindex: b.ifindex, direction: 'ingress', priority: 5, handle: 1 }, program, 'foreign');
        kernel.close(program);
      });
      attach(b, { filter: 'icmp', hook: 'tc', action: 'drop' });
      expect(pings(a, b)).to.equal(false);
      b.inside(() => detachFilter(kernel, { interface: 'vb' }));
      expect(pings(a, b)).to.equal(true);
      expect(b.run('tc', 'filter', 'show', 'dev', 'vb', 'ingress')).to.include('foreign');
      expect(b.run('tc', 'qdisc', 'show', 'dev', 'vb')).to.include('clsact');
      expect(b.inside(() => pinsHere(kernel))).to.deep.equal([]);
    }));
});

function linkId(at: Namespace, kernel: Kernel): number | undefined {
  return at.inside(() => linkByName(kernel, at.interface))?.xdp[0]?.programId;
}

/** Datagrams that came to the namespace, for a port where nobody listens. */
function receivedUdp(at: Namespace): number {
  return Number(/^Udp: \d+ (\d+)/m.exec(at.run('cat', '/proc/net/snmp'))?.[1]);
}

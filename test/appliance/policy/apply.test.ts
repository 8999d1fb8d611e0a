import { expect } from 'chai';
import { attachFilter } from '../../../src/appliance/attach.ts';
import { removeStalePins } from '../../../src/appliance/stale-pins.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { openRealKernel } from '../../support/real-kernel.ts';
import { frame } from '../frames.ts';
import { refusingKernel } from '../intercepted-kernel.ts';
import { tracesAt } from '../place.ts';
import { withPolicyLaboratory, type PolicyLaboratory } from './policy-laboratory.ts';

const dns = frame('udp 10.0.0.1:53 > 10.0.0.2:999');
const web = frame('tcp 10.0.0.1:999 > 10.0.0.2:80');

/** More calls than any apply makes: an end for the search. */
const mostCalls = 1500;
/** A sample: each apply of two interfaces takes a while. A prime, so that every kind of call is met. */
const step = 29;

const policy = (hook: string, rules: readonly string[], interfaces = 'vb, vb2', sets = ''): string =>
  [
    `name: edge\ninterfaces: [${interfaces}]\nhook: ${hook}\n${sets}rules:`,
    ...rules.map((rule) => `  - ${rule}`),
    '',
  ].join('\n');

const dropsDns = '{ name: dns, match: udp port 53, action: drop }';
const dropsWeb = '{ name: web, match: tcp port 80, action: drop }';
const banned = '{ name: banned, match: src host @banned, action: drop }';
const withSet = 'sets: { banned: { type: address, dynamic: true } }\n';

async function outcomeOf(action: () => Promise<unknown>): Promise<'done' | 'refused'> {
  try {
    await action();
    return 'done';
  } catch {
    return 'refused';
  }
}

async function codeOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
    return 'done';
  } catch (error) {
    return (error as { readonly code?: unknown }).code ?? error;
  }
}

describe('appliance/apply', function () {
  this.timeout(60_000);
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const traces = ({ b, b2 }: PolicyLaboratory, hook: 'xdp' | 'tc') =>
    b.inside(() => [b, b2].map(({ ifindex }) => tracesAt(kernel, { ifindex, hook })));
  const rulesOf = (laboratory: PolicyLaboratory) =>
    laboratory
      .status()
      .map((status) => [status.interface, status.policy, ...status.rules.map(({ name }) => name)].join(' '));

  for (const hook of ['xdp', 'tc'] as const) {
    it(`all interfaces or none, where the kernel refuses a call (${hook})`, () =>
      withPolicyLaboratory(kernel, async (laboratory) => {
        const { b, file, apply } = laboratory;
        const first = file('first.yaml', policy(hook, [dropsDns]));
        const second = file('second.yaml', policy(hook, [dropsWeb, banned], 'vb, vb2', withSet));
        b.inside(() => removeStalePins(kernel));
        const nothing = traces(laboratory, hook);
        let refused = 0;
        let nth = 1;
        for (; nth < mostCalls; nth += step) {
          if ((await outcomeOf(() => apply(second, {}, refusingKernel(kernel, nth)))) === 'done') {
            expect(rulesOf(laboratory), `call ${nth}`).to.have.lengthOf(2);
            break;
          }
          refused += 1;
          expect(traces(laboratory, hook), `call ${nth}`).to.deep.equal(nothing);
        }
        expect(refused).to.be.greaterThan(3);

        await apply(first);
        let before = traces(laboratory, hook);
        for (nth = 1; nth < mostCalls; nth += step) {
          const refusing = refusingKernel(kernel, nth);
          const outcome = await outcomeOf(() => apply(second, {}, refusing));
          if (outcome === 'refused') {
            expect(traces(laboratory, hook), `call ${nth}`).to.deep.equal(before);
            continue;
          }
          expect(rulesOf(laboratory), `call ${nth}`).to.deep.equal([
            'vb edge web banned default malformed',
            'vb2 edge web banned default malformed',
          ]);
          if (refusing.calls() < nth) return;
          await apply(first);
          before = traces(laboratory, hook);
        }
        throw new Error('an apply never ends');
      }));

    it(`what a rule that kept its name has counted goes on, on each interface by itself (${hook})`, () =>
      withPolicyLaboratory(kernel, async ({ a, file, apply, counts }) => {
        await apply(file('edge.yaml', policy(hook, [dropsDns, dropsWeb])));
        a.send(dns, dns, web);
        await apply(file('edge.yaml', policy(hook, ['{ name: other, match: icmp, action: drop }', dropsDns])));
        a.send(dns);
        expect(counts('vb')).to.deep.equal({ other: 0, dns: 3, default: 0, malformed: 0 });
        expect(counts('vb2')).to.deep.equal({ other: 0, dns: 0, default: 0, malformed: 0 });
      }));
  }

  it('leaves interfaces and hooks that the file no longer lists', () =>
    withPolicyLaboratory(kernel, async ({ b, file, apply, status }) => {
      await apply(file('edge.yaml', policy('xdp', [dropsDns])));
      expect((await apply(file('edge.yaml', policy('xdp', [dropsDns], 'vb')))).left).to.deep.equal(['vb2']);
      expect(status().map((each) => each.interface)).to.deep.equal(['vb']);
      expect((await apply(file('edge.yaml', policy('tc', [dropsDns], '"v?"')))).left).to.deep.equal(['vb']);
      expect(status().map(({ interface: name, hook }) => `${name} ${hook}`)).to.deep.equal(['vb tc']);
      expect(b.run('ip', '-d', 'link', 'show', 'vb')).not.to.include('xdp');
    }));

  it('--dry-run goes as far as the verifier and changes nothing', () =>
    withPolicyLaboratory(kernel, async (laboratory) => {
      const { b, file, apply } = laboratory;
      b.inside(() => removeStalePins(kernel));
      const edge = file('edge.yaml', policy('xdp', [dropsDns, banned], 'vb, vb2', withSet));
      const nothing = traces(laboratory, 'xdp');
      const dry = await apply(edge, { dryRun: true });
      expect(dry.interfaces.map((each) => [each.interface, each.programId])).to.deep.equal([
        ['vb', undefined],
        ['vb2', undefined],
      ]);
      await apply(edge, { dryRun: true, confirmWithin: 30 });
      expect(traces(laboratory, 'xdp')).to.deep.equal(nothing);
      await apply(edge);
      const before = traces(laboratory, 'xdp');
      await apply(file('edge.yaml', policy('xdp', [dropsWeb], 'vb')), { dryRun: true });
      expect(traces(laboratory, 'xdp')).to.deep.equal(before);
    }));

  it('takes the place of something else only with --replace, and of nothing where one interface has it', () =>
    withPolicyLaboratory(kernel, async ({ b, file, apply, status }) => {
      b.inside(() => attachFilter(kernel, { interface: 'vb2', filter: 'icmp' }));
      const edge = file('edge.yaml', policy('xdp', [dropsDns]));
      expect(await codeOf(() => apply(edge))).to.equal('occupied');
      expect(status().map((each) => [each.interface, each.filter])).to.deep.equal([['vb2', 'icmp']]);
      const applied = await apply(edge, { replace: true });
      expect(applied.interfaces.map(({ replaced }) => replaced)).to.deep.equal([false, true]);
      const other = file('other.yaml', policy('xdp', [dropsWeb]).replace('name: edge', 'name: other'));
      expect(await codeOf(() => apply(other))).to.equal('occupied');
      expect(status().map((each) => each.policy)).to.deep.equal(['edge', 'edge']);
    }));
});

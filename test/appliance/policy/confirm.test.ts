import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import { confirmPolicies, rollBackPolicies, tidyReverted } from '../../../src/appliance/confirm.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { openRealKernel } from '../../support/real-kernel.ts';
import { frame } from '../frames.ts';
import { pinsHere } from '../place.ts';
import { withPolicyLaboratory, type PolicyLaboratory } from './policy-laboratory.ts';

const dns = frame('udp 10.0.0.1:53 > 10.0.0.2:999');
const edge = (rule: string): string =>
  `name: edge\ninterfaces: [vb, vb2]\nrules: [{ name: ${rule}, match: udp port 53, action: drop }]\n`;

describe('appliance/confirm', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const confirmations = ({ status }: PolicyLaboratory) => status().map((each) => each.confirmation?.kind ?? 'settled');
  const rules = ({ status }: PolicyLaboratory) => status().map((each) => each.rules[0]?.name);
  const heldBack = ({ b }: PolicyLaboratory) => b.inside(() => pinsHere(kernel)).filter((pin) => pin.includes('-old'));

  it('goes back by itself on every interface; an apply while pending keeps the confirmed one as the old', () =>
    withPolicyLaboratory(kernel, async (laboratory) => {
      const { a, file, apply, inB, counts } = laboratory;
      await apply(file('edge.yaml', edge('old')));
      a.send(dns);
      await apply(file('edge.yaml', edge('first')), { confirmWithin: 30 });
      await apply(file('edge.yaml', edge('second')), { confirmWithin: 1 });
      expect(confirmations(laboratory)).to.deep.equal(['pending', 'pending']);
      await setTimeout(1200);
      expect(confirmations(laboratory)).to.deep.equal(['reverted', 'reverted']);
      a.send(dns);
      await inB(() => tidyReverted(kernel));
      expect(rules(laboratory)).to.deep.equal(['old', 'old']);
      expect(counts('vb')).to.include({ old: 2 });
      expect(heldBack(laboratory)).to.deep.equal([]);
    }));

  it('confirming keeps it and its counts; of a first apply nothing is lost that was not there', () =>
    withPolicyLaboratory(kernel, async (laboratory) => {
      const { a, file, apply, inB, counts } = laboratory;
      await apply(file('edge.yaml', edge('first')), { confirmWithin: 30 });
      await apply(file('edge.yaml', edge('second')), { confirmWithin: 1 });
      expect(laboratory.status()[0]?.confirmation).to.include({ kind: 'pending', lost: false });
      a.send(dns);
      await inB(() => confirmPolicies(kernel));
      await setTimeout(1200);
      a.send(dns);
      expect(confirmations(laboratory)).to.deep.equal(['settled', 'settled']);
      expect(counts('vb')).to.include({ second: 2 });
    }));

  it('an apply without --confirm settles; rolling back a first apply leaves nothing', () =>
    withPolicyLaboratory(kernel, async (laboratory) => {
      const { b, file, apply, inB } = laboratory;
      const path = file('edge.yaml', edge('rule'));
      await apply(path, { confirmWithin: 30 });
      await inB(() => rollBackPolicies(kernel));
      expect(b.inside(() => pinsHere(kernel))).to.deep.equal([]);
      await apply(path);
      await apply(path, { confirmWithin: 30 });
      expect(heldBack(laboratory)).not.to.deep.equal([]);
      await apply(path);
      expect(heldBack(laboratory)).to.deep.equal([]);
      expect(confirmations(laboratory)).to.deep.equal(['settled', 'settled']);
    }));
});

import { expect } from 'chai';
import { attachFilter, type AttachRequest } from '../../src/appliance/attach.ts';
import { readCounterReports } from '../../src/appliance/counters.ts';
import { detachFilter } from '../../src/appliance/detach.ts';
import { removeStalePins } from '../../src/appliance/stale-pins.ts';
import { readStatus } from '../../src/appliance/status.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { withLaboratory } from './laboratory.ts';
import { refusingKernel } from './intercepted-kernel.ts';
import { tracesAt } from './place.ts';

const holds: readonly Pick<AttachRequest, 'hook' | 'link'>[] = [
  { hook: 'xdp' },
  { hook: 'tc' },
  { hook: 'xdp', link: true },
  { hook: 'tc', link: true },
];

/** More calls than any attachment makes: an end for the search. */
const mostCalls = 500;

function attempt(action: () => unknown): 'done' | 'refused' {
  try {
    action();
    return 'done';
  } catch {
    return 'refused';
  }
}

describe('a refusal of any one call of an attachment', function () {
  this.timeout(60_000);
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  for (const hold of holds) {
    const title = `${hold.hook}${hold.link === true ? ' by a link' : ''}`;

    it(`leaves nothing behind (${title})`, async () =>
      withLaboratory(kernel, ({ a }) =>
        a.inside(() => {
          const place = { ifindex: a.ifindex, hook: hold.hook ?? 'xdp' };
          const request = { ...hold, interface: a.interface, filter: 'arp' };
          removeStalePins(kernel);
          const before = tracesAt(kernel, place);
          let refused = 0;
          for (let nth = 1; nth < mostCalls; nth++) {
            const refusing = refusingKernel(kernel, nth);
            const outcome = attempt(() => attachFilter(refusing, request));
            if (outcome === 'refused') {
              refused += 1;
              expect(tracesAt(kernel, place), `call ${nth}`).to.deep.equal(before);
              continue;
            }
            expectWhole(kernel, request, `call ${nth}`);
            detachFilter(kernel, { interface: a.interface });
            expect(tracesAt(kernel, place), `call ${nth}, detached`).to.deep.equal(before);
            if (refusing.calls() < nth) {
              expect(refused).to.be.greaterThan(20);
              return;
            }
          }
          throw new Error('an attachment never ends');
        }),
      ));

    it(`leaves the old program where it was to be replaced (${title})`, async () =>
      withLaboratory(kernel, ({ a }) =>
        a.inside(() => {
          const place = { ifindex: a.ifindex, hook: hold.hook ?? 'xdp' };
          const old = { ...hold, interface: a.interface, filter: 'arp' };
          const request = { ...old, filter: 'rarp', replace: true };
          removeStalePins(kernel);
          attachFilter(kernel, old);
          let before = tracesAt(kernel, place);
          for (let nth = 1; nth < mostCalls; nth++) {
            const refusing = refusingKernel(kernel, nth);
            const outcome = attempt(() => attachFilter(refusing, request));
            if (outcome === 'refused') {
              expect(tracesAt(kernel, place), `call ${nth}`).to.deep.equal(before);
              expectWhole(kernel, old, `call ${nth}`);
              continue;
            }
            expectWhole(kernel, request, `call ${nth}`);
            if (refusing.calls() < nth) return;
            attachFilter(kernel, { ...old, replace: true });
            before = tracesAt(kernel, place);
          }
          throw new Error('a replacement never ends');
        }),
      ));
  }
});

/** Expects the filter to be attached, and to be found with its counters. */
function expectWhole(kernel: Kernel, request: AttachRequest, when: string): void {
  expect(
    readStatus(kernel, request.interface).map(({ hook, filter, owner }) => ({ hook, filter, owner })),
    when,
  ).to.deep.equal([{ hook: request.hook, filter: request.filter, owner: 'pktf' }]);
  const [report] = readCounterReports(kernel, request.interface);
  expect(
    report?.rules.map(({ name }) => name),
    when,
  ).to.deep.equal(['match', 'default', 'malformed']);
}

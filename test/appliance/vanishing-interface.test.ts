import { expect } from 'chai';
import { attachFilter, type AttachRequest } from '../../src/appliance/attach.ts';
import { ApplianceError } from '../../src/appliance/appliance-error.ts';
import { removeStalePins } from '../../src/appliance/stale-pins.ts';
import { AttachError } from '../../src/kernel/attach-error.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { linkByName } from '../../src/kernel/netlink/link.ts';
import { SystemError } from '../../src/kernel/system-error.ts';
import type { Namespace } from '../support/netns.ts';
import { openDescriptorCount, openRealKernel } from '../support/real-kernel.ts';
import { interceptedKernel } from './intercepted-kernel.ts';
import { withLaboratory } from './laboratory.ts';
import { pinsHere } from './place.ts';

/** Every so many calls of an attachment the interface goes away before the call: a prime, to meet all kinds of them. */
const stride = 5;
const mostCalls = 500;

function makeInterface(at: Namespace, kernel: Kernel): void {
  at.run('ip', 'link', 'add', 'gone', 'type', 'veth', 'peer', 'gone-peer');
  expect(at.inside(() => linkByName(kernel, 'gone'))).to.not.equal(undefined);
}

describe('an interface that goes away during an attachment', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const requests: readonly Omit<AttachRequest, 'interface' | 'filter'>[] = [
    { hook: 'xdp' },
    { hook: 'tc' },
    { hook: 'xdp', link: true },
  ];
  for (const request of requests) {
    it(`leaves nothing behind and is told in words (${request.hook}${request.link === true ? ' by a link' : ''})`, () =>
      withLaboratory(kernel, ({ a }) => {
        const refusals = new Set<string>();
        for (let nth = 1; nth < mostCalls; nth += stride) {
          makeInterface(a, kernel);
          const leaving = interceptedKernel(kernel, (_, number) => {
            if (number === nth) a.run('ip', 'link', 'delete', 'gone');
          });
          const descriptors = openDescriptorCount(kernel);
          a.inside(() => {
            try {
              attachFilter(leaving, { ...request, interface: 'gone', filter: 'tcp port 22' });
            } catch (error) {
              expect(error).to.satisfy(isInWords);
              refusals.add((error as Error).message);
              expect(pinsHere(kernel), `call ${nth}`).to.deep.equal([]);
            }
            if (leaving.calls() < nth) return;
            // Where it went after the program was in place, its pins are stale, and the next one to look removes them.
            removeStalePins(kernel);
            expect(pinsHere(kernel), `call ${nth}`).to.deep.equal([]);
          });
          expect(openDescriptorCount(kernel), `call ${nth}`).to.equal(descriptors);
          if (leaving.calls() < nth) {
            expect([...refusals].some((message) => /no (such )?interface/.test(message))).to.equal(true);
            return;
          }
        }
        throw new Error('an attachment never ends');
      }));
  }
});

/** Not a bug's `TypeError`. */
function isInWords(error: unknown): boolean {
  return error instanceof ApplianceError || error instanceof AttachError || error instanceof SystemError;
}

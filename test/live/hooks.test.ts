import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { compileFilter } from '../../src/pipeline.ts';
import { inspectTags } from '../../src/xdp/inspect-tags.ts';
import { fixedNames } from '../fuzz/fixed-names.ts';
import { withNamespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { compareLive, type LiveReport } from './compare.ts';
import { liveFilters } from './filters.ts';
import { frameOfFlow, tag7 } from './frames.ts';
import type { Hook } from './hook.ts';
import { prepareForLargeFrames } from './large-frames.ts';
import { xdpObserver } from './observers.ts';
import { rounds } from './rounds.ts';
import { openSenders } from './senders.ts';
import { allTransmissions, taggedByTheKernel, transmission } from './transmission.ts';

const names = fixedNames();

describe('filters on live frames', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('say at every hook what they say of a capture', async function () {
    this.timeout(120_000);
    const transmissions = allTransmissions();
    const report = await compareLive(kernel, { filters: liveFilters, names, transmissions, tagOffload: false });
    expectAgreement(report);
    const compared = [...report.compared.values()].reduce((sum, count) => sum + count);
    const verdicts = compared / liveFilters.length;
    for (const [text, matches] of report.matches) expect(matches, text).to.be.within(1, verdicts - 1);
  });

  it('see tags that stay in metadata at TC and on sockets, and at XDP the frame without them', async function () {
    this.timeout(60_000);
    const filters = liveFilters.filter((_, i) => i % 2 === 0);
    expectAgreement(
      await compareLive(kernel, { filters, names, transmissions: taggedByTheKernel(), tagOffload: true }),
    );
  });

  it('match tags at XDP where the other end was told to write them, as is said beforehand', () =>
    withNamespaces(kernel, (namespaces) => {
      const { a, b } = namespaces;
      prepareForLargeFrames(namespaces, true);
      const senders = openSenders(kernel, a);
      const native = xdpObserver(kernel, b, 'native');
      native.use(compileFilter({ name: 'filter', text: 'vlan 7' }, { linkType: 'EN10MB', names }));
      const matched = () => {
        senders.send(transmission('socket', frameOfFlow('udp 10.9.0.1:5000 > 10.9.0.2:53'), [tag7]));
        return native.look();
      };
      expect(matched()).to.include({ packets: 1, matched: 0 });
      const view = b.inside(() => inspectTags(kernel, b.ifindex));
      expect(view).to.include({ kind: 'unknown' });
      const [, switches] = /^there: ethtool -K the other end (.*)$/.exec('remedy' in view ? view.remedy : '') ?? [];
      a.run('ethtool', '-K', a.interface, ...(switches as string).split(' '));
      expect(matched()).to.include({ packets: 1, matched: 1 });
      for (const each of [native, senders]) each.close();
    }));

  it('know which way a frame goes', async () => {
    const outgoing: readonly Hook[] = ['tc egress', 'sending socket'];
    const sent = transmission('socket', frameOfFlow('udp 10.9.0.1:5000 > 10.9.0.2:53'));
    for (const { open } of rounds) {
      await withNamespaces(kernel, (namespaces) => {
        prepareForLargeFrames(namespaces, false);
        const observers = open(kernel, namespaces);
        const senders = openSenders(kernel, namespaces.a);
        for (const text of ['inbound', 'outbound']) {
          const filter = compileFilter({ name: 'filter', text }, { linkType: 'EN10MB', names, live: true });
          for (const observer of observers) observer.use(filter);
          senders.send(sent);
          for (const observer of observers) {
            const { hook } = observer;
            const matches = (text === 'outbound') === outgoing.includes(hook);
            expect(observer.look(), `${text} at ${hook}`).to.include({ packets: 1, matched: matches ? 1 : 0 });
          }
        }
        for (const each of [...observers, senders]) each.close();
      });
    }
  });
});

function expectAgreement({ disagreements }: LiveReport): void {
  expect(disagreements.slice(0, 5), `${disagreements.length} disagreements`).to.deep.equal([]);
}

import { expect } from 'chai';
import { evaluatorEngine } from '../../src/replay/engine/evaluator.ts';
import { randomFilters } from '../conformance/random-filters.ts';
import { loadLibpcap, type Libpcap } from '../support/libpcap.ts';
import { requireOrSkip } from '../support/require.ts';

/** `PKTF_SEED` runs another choice of filters; the seed is in the title of a failure. */
const seed = Number(process.env['PKTF_SEED'] ?? 1);

describe('random filters', function () {
  this.timeout(60_000);

  it('mean what libpcap means', async function () {
    const { libpcap, reason } = loadLibpcap();
    requireOrSkip(this, 'libpcap', libpcap !== undefined, reason);
    const report = await randomFilters({
      libpcap: libpcap as Libpcap,
      engines: [evaluatorEngine],
      seed,
      filters: 1000,
      packetsPerFilter: 100,
    });
    expect(report.failures.slice(0, 5), report.title).to.deep.equal([]);
    expect(report.compared).to.be.above(90_000);
  });
});

import { expect } from 'chai';
import { openLinuxKernel } from '../../src/kernel/linux/index.ts';
import { loadLibpcap } from '../support/libpcap.ts';
import { requireOrSkip } from '../support/require.ts';
import { enginesInKernel, enginesInProcess, type FuzzEngine } from './engines.ts';
import { fuzz, type FuzzReport } from './fuzz-run.ts';
import { observeLoads } from './observe-loads.ts';
import { reportLines } from './report.ts';

/** Found by `npm run fuzz` to be worth a minute: filters of all kinds, each with a hundred packets. */
const seed = 20_260_801;

describe('random filters over random packets', function () {
  this.timeout(300_000);

  before(function () {
    const { libpcap, reason } = loadLibpcap();
    requireOrSkip(this, 'libpcap', libpcap !== undefined, reason);
  });

  it('200,000 pairs: every engine in this process gives the verdict of libpcap', async function () {
    const report = await run(200_000, 100, (libpcap) => enginesInProcess(libpcap));
    expect(report.pairs).to.be.at.least(200_000);
    expect(report.matches / report.pairs).to.be.within(0.1, 0.9);
    for (const { verdicts } of report.engines.values()) expect(verdicts).to.be.above(180_000);
  });

  it('20,000 pairs: the kernel, too, and its verifier accepts every program', async function () {
    requireOrSkip(this, 'root', process.getuid?.() === 0, 'loading programs wants privileges');
    const { kernel, figures } = observeLoads(openLinuxKernel());
    const report = await run(20_000, 50, () => enginesInKernel(kernel));
    for (const { verdicts } of report.engines.values()) expect(verdicts).to.be.above(5_000);
    expect(figures.programs).to.be.above(200);
  });
});

async function run(
  pairs: number,
  packetsPerFilter: number,
  engines: (libpcap: NonNullable<ReturnType<typeof loadLibpcap>['libpcap']>) => readonly FuzzEngine[],
): Promise<FuzzReport> {
  const libpcap = loadLibpcap().libpcap as NonNullable<ReturnType<typeof loadLibpcap>['libpcap']>;
  const disagreements: string[] = [];
  const report = await fuzz({
    libpcap,
    engines: engines(libpcap),
    seed,
    packetsPerFilter,
    goesOn: (soFar) => soFar.pairs < pairs && disagreements.length < 5,
    onDisagreement: (text) => disagreements.push(text),
  });
  expect(disagreements, [`seed ${seed}`, ...reportLines(report)].join('\n')).to.deep.equal([]);
  return report;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { evaluatorEngine } from '../../src/replay/engine/evaluator.ts';
import { interpreterEngine } from '../../src/replay/engine/interpreter.ts';
import { loadLibpcap, type Libpcap } from '../support/libpcap.ts';
import { requireOrSkip, skipBecause } from '../support/require.ts';
import { expressionsAgainstLibpcap } from './expressions-against-libpcap.ts';
import { filtersAppliedToCaptures } from './filters-applied-to-captures.ts';
import { rejectedExpressions } from './rejected-expressions.ts';
import type { ConformanceReport } from './report.ts';

/** The corpus is not part of the project; `PKTF_SHARED` names the folder that has it. */
const shared = process.env['PKTF_SHARED'];
const corpus = join(shared ?? '', 'corpus');

function expectAgreement(report: ConformanceReport): void {
  expect(report.failures.slice(0, 10), report.title).to.deep.equal([]);
  expect(report.compared, report.title).to.be.above(0);
}

describe('conformance with the corpus', function () {
  this.timeout(300_000);

  before(function () {
    if (shared === undefined || !existsSync(corpus)) skipBecause(this, 'PKTF_SHARED names no folder with a corpus');
  });

  it('means the same as libpcap for all accepted expressions', async function () {
    const loaded = loadLibpcap();
    requireOrSkip(this, 'libpcap', loaded.libpcap !== undefined, loaded.reason);
    const engines = [evaluatorEngine, interpreterEngine];
    const run = {
      corpus,
      libpcap: loaded.libpcap as Libpcap,
      engines,
      seed: 1,
      sample: 0.02,
      longestCut: 128,
      mutations: 20,
    };
    expectAgreement(await expressionsAgainstLibpcap(run));
  });

  it('rejects what libpcap rejects', () => {
    expectAgreement(rejectedExpressions(corpus));
  });

  it('applies filters to captures with the same results', async () => {
    expectAgreement(await filtersAppliedToCaptures(corpus, evaluatorEngine));
  });
});

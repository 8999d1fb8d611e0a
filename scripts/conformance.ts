// npm run conformance -- <shared folder> [--full]: pktf against libpcap, tcpdump and the kernel on the collected material.
import { join } from 'node:path';
import { openLinuxKernel } from '../src/kernel/linux/index.ts';
import { ebpfEngine } from '../src/replay/engine/ebpf.ts';
import { evaluatorEngine } from '../src/replay/engine/evaluator.ts';
import { kernelSocketEngine } from '../src/replay/engine/kernel-socket.ts';
import { kernelTcEngine, kernelXdpEngine } from '../src/replay/engine/kernel-test-run.ts';
import { interpreterEngine } from '../src/replay/engine/interpreter.ts';
import { javascriptEngine } from '../src/replay/engine/javascript.ts';
import { capturesAgainstLibpcap } from '../test/conformance/captures-against-libpcap.ts';
import { capturesAgainstTcpdump } from '../test/conformance/captures-against-tcpdump.ts';
import { expressionsAgainstLibpcap } from '../test/conformance/expressions-against-libpcap.ts';
import { filtersAppliedToCaptures } from '../test/conformance/filters-applied-to-captures.ts';
import { rejectedExpressions } from '../test/conformance/rejected-expressions.ts';
import { printReport, type ConformanceReport } from '../test/conformance/report.ts';
import { subsetFilters } from '../test/conformance/subset-filters.ts';
import { loadLibpcap, type Libpcap } from '../test/support/libpcap.ts';

const words = process.argv.slice(2);
const full = words.includes('--full');
const [shared] = words.filter((word) => !word.startsWith('--'));
if (shared === undefined) {
  process.stderr.write('usage: npm run conformance -- <shared folder> [--full]\n');
  process.exit(2);
}

const libpcap = requireLibpcap();
const kernel = openLinuxKernel();
const corpus = join(shared, 'corpus');
const captures = { folder: join(shared, 'pcaps'), filters: subsetFilters };

/** The expressions once more, in the kernel, on whole packets. */
function kernelOnWholePackets(): Promise<ConformanceReport> {
  return expressionsAgainstLibpcap({
    corpus,
    libpcap,
    engines: [kernelSocketEngine(kernel), kernelXdpEngine(kernel), kernelTcEngine(kernel)],
    seed: 1,
    sample: 0,
    longestCut: 0,
    mutations: 0,
    countUnable: true,
  });
}

const parts: readonly (() => Promise<ConformanceReport>)[] = [
  () =>
    capturesAgainstLibpcap({
      ...captures,
      libpcap,
      engines: [evaluatorEngine, interpreterEngine, javascriptEngine, ebpfEngine],
    }),
  () =>
    capturesAgainstLibpcap({
      ...captures,
      libpcap,
      linkTypes: ['EN10MB'],
      engines: [kernelSocketEngine(kernel), kernelXdpEngine(kernel), kernelTcEngine(kernel)],
    }),
  () =>
    capturesAgainstTcpdump({
      ...captures,
      linkTypes: ['EN10MB', 'RAW', 'LINUX_SLL', 'NULL'],
      engine: javascriptEngine,
      share: full ? 1 : 0.05,
    }),
  () =>
    expressionsAgainstLibpcap({
      corpus,
      libpcap,
      engines: [evaluatorEngine, interpreterEngine, ebpfEngine],
      seed: 1,
      sample: full ? 1 : 0.02,
      longestCut: full ? 256 : 128,
      mutations: full ? 200 : 20,
    }),
  ...(full ? [kernelOnWholePackets] : []),
  async () => rejectedExpressions(corpus),
  () => filtersAppliedToCaptures(corpus, javascriptEngine),
];

let passed = true;
for (const part of parts) {
  const started = performance.now();
  passed = printReport(await part()) && passed;
  process.stdout.write(`  ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
process.exitCode = passed ? 0 : 1;

function requireLibpcap(): Libpcap {
  const { libpcap: library, reason } = loadLibpcap();
  if (library !== undefined) return library;
  process.stderr.write(`the conformance run compares with libpcap: ${reason}\n`);
  process.exit(1);
}

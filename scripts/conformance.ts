// npm run conformance -- <shared folder> [--full]: pktf against libpcap, tcpdump and the kernel on the collected material.
import { join } from 'node:path';
import { ebpfEngine } from '../src/replay/engine/ebpf.ts';
import { evaluatorEngine } from '../src/replay/engine/evaluator.ts';
import { interpreterEngine } from '../src/replay/engine/interpreter.ts';
import { javascriptEngine } from '../src/replay/engine/javascript.ts';
import { capturesAgainstLibpcap } from '../test/conformance/captures-against-libpcap.ts';
import { capturesAgainstTcpdump } from '../test/conformance/captures-against-tcpdump.ts';
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
const captures = { folder: join(shared, 'pcaps'), filters: subsetFilters };

const parts: readonly (() => Promise<ConformanceReport>)[] = [
  () =>
    capturesAgainstLibpcap({
      ...captures,
      libpcap,
      engines: [evaluatorEngine, interpreterEngine, javascriptEngine, ebpfEngine],
    }),
  () =>
    capturesAgainstTcpdump({
      ...captures,
      linkTypes: ['EN10MB', 'RAW', 'LINUX_SLL', 'NULL'],
      engine: javascriptEngine,
      share: full ? 1 : 0.05,
    }),
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

// npm run conformance -- <shared folder> [--full]: pktf against libpcap, tcpdump and the kernel on the collected material.
import { join } from 'node:path';
import { javascriptEngine } from '../src/replay/engine/javascript.ts';
import { capturesAgainstTcpdump } from '../test/conformance/captures-against-tcpdump.ts';
import { printReport, type ConformanceReport } from '../test/conformance/report.ts';
import { subsetFilters } from '../test/conformance/subset-filters.ts';

const [shared] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
if (shared === undefined) {
  process.stderr.write('usage: npm run conformance -- <shared folder> [--full]\n');
  process.exit(2);
}

const parts: readonly (() => Promise<ConformanceReport>)[] = [
  () =>
    capturesAgainstTcpdump({
      folder: join(shared, 'pcaps'),
      filters: subsetFilters,
      linkTypes: ['EN10MB', 'RAW', 'LINUX_SLL', 'NULL'],
      engine: javascriptEngine,
    }),
];

let passed = true;
for (const part of parts) {
  const started = performance.now();
  passed = printReport(await part()) && passed;
  process.stdout.write(`  ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
}
process.exitCode = passed ? 0 : 1;

import { Command } from 'commander';
import type { CounterReport } from '../../appliance/counters.ts';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, withNamespace, type CommonFlags, type NamespaceFlags } from '../options.ts';
import { openOutput, table, type Output } from '../output.ts';
import { visible } from '../../compiler/render.ts';

interface Flags extends CommonFlags, NamespaceFlags {
  readonly watch?: true;
  readonly reset?: true;
}

const watchInterval = 1000;

export function countersCommand(): Command {
  const command = new Command('counters')
    .description(
      'Packets and bytes by rule, with “default” for what no rule ended and “malformed” for cut-off headers.',
    )
    .argument('[interface]', 'one interface instead of all')
    .option('--watch', 'print again every second, until interrupted')
    .option('--reset', 'count from zero again (prints the counts until now)');
  withJson(withNamespace(command));
  withExamples(command, ['pktf counters eth0', 'pktf counters --json', 'pktf counters eth0 --watch']);
  return command.action((name: string | undefined, flags: Flags) => counters(name, flags));
}

async function counters(name: string | undefined, flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const { readCounterReports, resetCounters } = await import('../../appliance/counters.ts');
  const kernel = await openKernel(flags);
  for (;;) {
    const reports = flags.reset === true ? resetCounters(kernel, name) : readCounterReports(kernel, name);
    print(reports, output);
    if (flags.watch !== true) return;
    await new Promise((resolve) => setTimeout(resolve, watchInterval));
  }
}

function print(reports: readonly CounterReport[], output: Output): void {
  output.document(reports);
  if (reports.length === 0) output.line('nothing is attached');
  for (const report of reports) {
    const place = report.mode === undefined ? report.hook : `${report.hook}, ${report.mode}`;
    output.line(`${report.interface} (${place})`);
    const rows = report.rules.map((rule) => [
      `  ${visible(rule.name)}`,
      rule.action,
      rule.packets.toString(),
      rule.bytes.toString(),
    ]);
    const lines = table([['  rule', 'action', 'packets', 'bytes'], ...rows], new Set([2, 3]));
    for (const line of lines) output.line(line);
  }
}

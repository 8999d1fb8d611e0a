import { Command, Option } from 'commander';
import type { FilteredCapture } from '../../appliance/capture.ts';
import type { LiveSource } from '../../capture/live.ts';
import { openCaptureOutput, type CaptureOutput } from '../capture-output.ts';
import { filterSource } from '../filter-source.ts';
import { openKernel } from '../kernel-session.ts';
import {
  countFlag,
  withExamples,
  withFilter,
  withJson,
  withNamespace,
  type CommonFlags,
  type FilterFlags,
  type NamespaceFlags,
} from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { packetLine } from '../packet-line.ts';
import { warnAbout } from '../report-error.ts';

interface Flags extends CommonFlags, FilterFlags, NamespaceFlags {
  readonly w?: string;
  readonly c?: string;
  readonly s?: string;
  /** False with tcpdump's -p. */
  readonly p?: true;
}

const defaultSnaplen = 262144;

export function captureCommand(): Command {
  const command = new Command('capture')
    .description('Capture live packets, filtered in the kernel, until interrupted.')
    .argument('<interface>', 'an interface, or "any" for all of them')
    .argument('[filter...]', 'the filter, in tcpdump’s language')
    .addOption(new Option('-w <file>', 'write a pcap file instead of printing ("-" is standard output)'))
    .addOption(new Option('-c <count>', 'stop after so many packets'))
    .addOption(new Option('-s <snaplen>', `bytes of each packet to keep (default ${defaultSnaplen})`))
    .addOption(new Option('-p', 'do not put the interface into promiscuous mode'));
  withJson(withNamespace(withFilter(command)));
  withExamples(command, [
    "pktf capture eth0 'tcp port 443' -w https.pcap",
    "pktf capture any 'udp port 53' -c 10",
    'pktf capture eth0 -s 128 -w - | tshark -r -',
  ]);
  return command.action((name: string, words: string[], flags: Flags) => capture(name, words, flags));
}

async function capture(name: string, words: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const limit = countFlag('-c', flags.c, 1) ?? Number.POSITIVE_INFINITY;
  const snaplen = countFlag('-s', flags.s, 0) || defaultSnaplen;
  const { openFilteredCapture } = await import('../../appliance/capture.ts');
  const live = openFilteredCapture(await openKernel(flags), {
    interface: name,
    filter: filterSource(words, flags.F),
    snaplen,
    promiscuous: flags.p !== true,
    optimize: flags.O !== true,
  });
  const interrupt = (): void => live.source.close();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await warnAbout(live.warnings);
    const file = await openFile(flags.w, live.source, snaplen);
    if (file !== undefined) output.note(`capturing on ${name} to ${flags.w}, until interrupted`);
    const captured = await receive(live, limit, file, output);
    live.source.close();
    report(captured, live.source, output);
  } finally {
    live.source.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function openFile(
  path: string | undefined,
  source: LiveSource,
  snaplen: number,
): Promise<CaptureOutput | undefined> {
  if (path === undefined) return undefined;
  return openCaptureOutput({ path, linkType: source.linkType, snaplen, nanoseconds: false, inputs: [] });
}

/** Takes packets until there are enough or the source is closed. @returns how many */
async function receive(
  { source, accept }: FilteredCapture,
  limit: number,
  file: CaptureOutput | undefined,
  output: Output,
): Promise<number> {
  let captured = 0;
  try {
    for await (const batch of source.batches()) {
      const accepted = accept?.(batch);
      for (let i = 0; i < batch.count && captured < limit; i++) {
        if (accepted !== undefined && accepted[i] !== 1) continue;
        captured++;
        const waiting = file === undefined ? output.line(packetLine(batch, i)) : file.write(batch, i);
        if (waiting instanceof Promise) await waiting;
      }
      // What has come is to be in the file, and to reach whoever reads from a pipe, before the next wait.
      await file?.flush();
      if (captured >= limit) break;
    }
  } finally {
    await file?.close();
  }
  return captured;
}

/** As tcpdump ends, with the kernel's own count of what it had to drop. */
function report(captured: number, source: LiveSource, output: Output): void {
  const { received, dropped } = source.statistics();
  output.document({ captured, received, dropped });
  output.note(`${captured} packets captured`);
  output.note(`${received} packets received by filter`);
  output.note(`${dropped} packets dropped by kernel`);
}

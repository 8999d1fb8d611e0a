import { Command, Option } from 'commander';
import type { FilteredCapture } from '../../appliance/capture.ts';
import type { LiveSource } from '../../capture/live.ts';
import type { Rotation } from '../../capture/rotating-writer.ts';
import { openCaptureOutput, type CaptureOutput } from '../capture-output.ts';
import { filterSource } from '../filter-source.ts';
import { InputError } from '../input-error.ts';
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
import { setsOfFlags, withSets, type SetFlags } from '../sets.ts';
import { warnAbout } from '../report-error.ts';

interface Flags extends CommonFlags, FilterFlags, NamespaceFlags, SetFlags {
  readonly w?: string;
  readonly c?: string;
  readonly s?: string;
  readonly C?: string;
  readonly G?: string;
  readonly W?: string;
  /** False with tcpdump's -p. */
  readonly p?: true;
}

const defaultSnaplen = 262144;

/** Milliseconds in which a ring gives what has come. */
const handOver = 100;

export function captureCommand(): Command {
  const command = new Command('capture')
    .description('Capture live packets, filtered in the kernel, until interrupted.')
    .argument('<interface>', 'an interface, or "any" for all of them')
    .argument('[filter...]', 'the filter, in tcpdump’s language')
    .addOption(
      new Option('-w <file>', 'write a file (pcapng where it ends so) instead of printing ("-" is standard output)'),
    )
    .addOption(new Option('-c <count>', 'stop after so many packets'))
    .addOption(new Option('-s <snaplen>', `bytes of each packet to keep (default ${defaultSnaplen})`))
    .addOption(new Option('-C <megabytes>', 'go on in another file when one is larger than so many million bytes'))
    .addOption(new Option('-G <seconds>', 'go on in another file after so many seconds; -w takes strftime codes'))
    .addOption(new Option('-W <count>', 'with -C: keep so many files; with -G alone: end after so many'))
    .addOption(new Option('-p', 'do not put the interface into promiscuous mode'));
  withJson(withNamespace(withSets(withFilter(command))));
  withExamples(command, [
    "pktf capture eth0 'tcp port 443' -w https.pcap",
    "pktf capture any 'udp port 53' -c 10",
    'pktf capture eth0 -w ring.pcap -C 100 -W 10',
    "pktf capture eth0 -w 'trace-%H%M.pcapng' -G 60",
    'pktf capture eth0 -s 128 -w - | tshark -r -',
  ]);
  return command.action((name: string, words: string[], flags: Flags) => capture(name, words, flags));
}

async function capture(name: string, words: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const limit = countFlag('-c', flags.c, 1) ?? Number.POSITIVE_INFINITY;
  const snaplen = countFlag('-s', flags.s, 0) || defaultSnaplen;
  const rotation = rotationOf(flags);
  const { openFilteredCapture } = await import('../../appliance/capture.ts');
  const live = openFilteredCapture(await openKernel(flags), {
    interface: name,
    filter: filterSource(words, flags.F),
    snaplen,
    promiscuous: flags.p !== true,
    optimize: flags.O !== true,
    neverMatching: flags.refuseNever === true ? 'refuse' : 'warn',
    sets: await setsOfFlags(flags),
    // Through shared memory packets come many at a time, a little late: for files, not for eyes.
    delivery: flags.w === undefined ? 'immediate' : 'ring',
  });
  // Through shared memory the kernel hands over the last packets a little late.
  const interrupt = (): void => void setTimeout(() => live.source.close(), flags.w === undefined ? 0 : handOver);
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await warnAbout(live.warnings);
    const file = flags.w === undefined ? undefined : await openFile(flags.w, live.source, snaplen, rotation);
    if (file !== undefined) output.note(`capturing on ${name} to ${flags.w}, until interrupted`);
    const captured = await receive(live, limit, file, output);
    live.source.close();
    report(captured, live.source, output);
  } finally {
    live.source.close();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** @throws InputError where the flags do not go together */
function rotationOf(flags: Flags): Rotation | undefined {
  const megabytes = countFlag('-C', flags.C, 1);
  const seconds = countFlag('-G', flags.G, 1);
  const files = countFlag('-W', flags.W, 1);
  if (megabytes === undefined && seconds === undefined) {
    if (files !== undefined) throw new InputError('-W tells how many files there are', 'add -C or -G');
    return undefined;
  }
  if (flags.w === undefined || flags.w === '-') throw new InputError('-C and -G write files', 'name them with -w');
  return {
    ...(megabytes === undefined ? {} : { fileSize: megabytes * 1_000_000 }),
    ...(seconds === undefined ? {} : { seconds }),
    ...(files === undefined ? {} : { files }),
  };
}

async function openFile(
  path: string,
  { linkType }: LiveSource,
  snaplen: number,
  rotation: Rotation | undefined,
): Promise<CaptureOutput> {
  const options = { path, linkType, snaplen, nanoseconds: false, inputs: [] };
  return openCaptureOutput(rotation === undefined ? options : { ...options, rotation });
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
      if (captured >= limit || file?.isFinished() === true) break;
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

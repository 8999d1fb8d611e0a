import { Command, Option } from 'commander';
import type { PacketBatch } from '../../capture/batch.ts';
import type { Capture } from '../../capture/open.ts';
import type { Diagnostic } from '../../compiler/diagnostic.ts';
import type { LinkType } from '../../ir/link-type.ts';
import type { Comparison } from '../../replay/compare-engines.ts';
import type { ProgramSource } from '../../replay/engine-run.ts';
import { openCaptureOutput, type CaptureOutput, type CaptureOutputOptions } from '../capture-output.ts';
import { exitCode } from '../exit-code.ts';
import { filterSource } from '../filter-source.ts';
import { withExamples, withFilter, withJson, type CommonFlags, type FilterFlags } from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { packetLine } from '../packet-line.ts';
import { engineChoices, enginesFor, type EngineChoice } from '../replay-engines.ts';
import { warnAbout } from '../report-error.ts';

interface Flags extends CommonFlags, FilterFlags {
  readonly r: readonly string[];
  readonly w?: string;
  readonly count?: true;
  readonly engine: EngineChoice;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('Run a filter over captures, with the verdicts that the kernel would give.')
    .argument('<capture>', 'a capture file; "-" is standard input')
    .argument('[filter...]', 'the filter, in tcpdump’s language')
    .addOption(
      new Option('-r <capture>', 'a further capture; may be given several times')
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([], 'none'),
    )
    .addOption(new Option('-w <file>', 'write the matching packets to a capture file ("-" is standard output)'))
    .option('--count', 'print how many packets match, not the packets')
    .addOption(
      new Option('--engine <engine>', 'what runs the filter; "all" compares them')
        .choices(engineChoices)
        .default('javascript'),
    );
  withJson(withFilter(command));
  withExamples(command, [
    "pktf replay traffic.pcap 'tcp port 22'",
    "pktf replay traffic.pcap 'host 10.0.0.1' -w matches.pcap",
    "pktf replay monday.pcap -r tuesday.pcap 'udp port 53' --count --json",
    "pktf replay traffic.pcap 'tcp' --engine all",
  ]);
  return command.action((capture: string, words: string[], flags: Flags) => replayCaptures(capture, words, flags));
}

async function replayCaptures(capture: string, words: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const paths = [capture, ...flags.r];
  const filter = await filterFor(words, flags);
  if (flags.engine === 'all') return compare(paths, filter.source, output);

  const [{ replay }, { matchOutcome }, engines] = await Promise.all([
    import('../../replay/replay.ts'),
    import('../../replay/outcome.ts'),
    enginesFor(flags.engine),
  ]);
  const matches = createMatchReport(flags, paths, output);
  const [engine] = engines;
  if (engine === undefined) throw new Error(`no engine ${flags.engine}`);
  try {
    const result = await replay({
      sources: openEach(paths, (opened) => matches.reading(opened)),
      program: filter.source,
      engine,
      counters: 0,
      onBatch: (batch, outcomes) => matches.see(batch, outcomes, matchOutcome),
    });
    await warnAbout(filter.warnings());
    const matched = result.byVerdict[matchOutcome]?.packets ?? 0;
    output.document({
      packets: result.packets,
      matched,
      bytes: result.bytes,
      matchedBytes: result.byVerdict[matchOutcome]?.bytes ?? 0,
      ...(result.notExpressed === 0 ? {} : { notExpressed: result.notExpressed }),
    });
    if (flags.count === true) output.line(`${matched} of ${result.packets} packets match`);
    else if (!output.json) output.note(`${matched} of ${result.packets} packets match`);
    if (result.notExpressed > 0) output.warn(`${result.notExpressed} packets could not be run by this engine`);
  } finally {
    await matches.close();
  }
}

interface MatchReport {
  reading(capture: Capture): Promise<void>;
  see(batch: PacketBatch, outcomes: Uint16Array, matchOutcome: number): Promise<void>;
  close(): Promise<void>;
}

/** Writes the matching packets to a file or prints them, as the flags say. */
function createMatchReport(flags: Flags, paths: readonly string[], output: Output): MatchReport {
  const prints = flags.w === undefined && flags.count !== true && !output.json;
  let first: Capture | undefined;
  let file: CaptureOutput | undefined;
  const openFile = async (path: string, linkType: CaptureOutputOptions['linkType']): Promise<CaptureOutput> => {
    file ??= await openCaptureOutput({
      path,
      linkType,
      snaplen: first?.snaplen ?? 0,
      nanoseconds: first?.nanoseconds === true,
      inputs: paths,
    });
    return file;
  };
  return {
    async reading(capture) {
      first ??= capture;
      if (flags.w !== undefined && capture.linkType !== undefined) await openFile(flags.w, capture.linkType);
    },
    async see(batch, outcomes, matchOutcome) {
      if (flags.w !== undefined) {
        return writeMatches(batch, outcomes, matchOutcome, await openFile(flags.w, batch.linkType));
      }
      if (!prints) return;
      for (let i = 0; i < batch.count; i++) if (outcomes[i] === matchOutcome) output.line(packetLine(batch, i));
    },
    async close() {
      // A capture without a packet: an empty one comes of it.
      if (flags.w !== undefined && first !== undefined) await openFile(flags.w, 'EN10MB');
      await file?.close();
    },
  };
}

async function writeMatches(
  batch: PacketBatch,
  outcomes: Uint16Array,
  matchOutcome: number,
  file: CaptureOutput,
): Promise<void> {
  for (let i = 0; i < batch.count; i++) {
    if (outcomes[i] !== matchOutcome) continue;
    const waiting = file.write(batch, i);
    if (waiting !== undefined) await waiting;
  }
}

async function* openEach(
  paths: readonly string[],
  opened: (capture: Capture) => Promise<void> = async () => {},
): AsyncGenerator<Capture> {
  const { openCapture } = await import('../../capture/open.ts');
  for (const path of paths) {
    const capture = await openCapture(path);
    try {
      await opened(capture);
      yield capture;
    } finally {
      capture.close();
    }
  }
}

interface ReplayFilter {
  readonly source: ProgramSource;
  /** Of all link types met so far. */
  warnings(): readonly Diagnostic[];
}

/** The filter, compiled for whatever link types the captures have; a bad one is told before a capture is opened. */
async function filterFor(words: readonly string[], flags: Flags): Promise<ReplayFilter> {
  const [{ compileFilter, filterGraph, unchanged }, { systemNames }, { optimize }] = await Promise.all([
    import('../../pipeline.ts'),
    import('../../names/system-names.ts'),
    import('../../ir/optimize/index.ts'),
  ]);
  const source = filterSource(words, flags.F);
  const names = systemNames();
  const warnings: Diagnostic[] = [];
  const programFor = (linkType: LinkType) => {
    const filter = compileFilter(source, { linkType, names });
    warnings.push(...filter.warnings);
    return { graph: filterGraph(filter, flags.O === true ? unchanged : optimize), counters: 0 };
  };
  return { source: { programFor }, warnings: () => warnings };
}

async function compare(paths: readonly string[], program: ProgramSource, output: Output): Promise<void> {
  const [{ compareEngines }, engines] = await Promise.all([
    import('../../replay/compare-engines.ts'),
    enginesFor('all'),
  ]);
  const comparison = await compareEngines({ sources: openEach(paths), program, engines });
  output.document(comparison);
  for (const line of describe(comparison, paths)) output.line(line);
  if (comparison.disagreements > 0) process.exitCode = exitCode.input;
}

function describe(comparison: Comparison, paths: readonly string[]): readonly string[] {
  const engines = comparison.engines.map(({ name, packets, notExpressed, unable }) => {
    const missing = notExpressed === 0 ? '' : `, ${notExpressed} packets are beyond it`;
    return `${name}: ${packets} packets${missing}${unable === undefined ? '' : `, ${unable}`}`;
  });
  const examples = comparison.examples.map(({ source, packetNumber, verdicts }) => {
    const said = verdicts.map(({ engine, verdict }) => `${engine} ${verdict.kind}`).join(', ');
    return `  ${paths[source] ?? source} packet ${packetNumber}: ${said}`;
  });
  return [...engines, `${comparison.packets} packets, ${comparison.disagreements} disagreements`, ...examples];
}

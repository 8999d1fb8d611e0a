import { Command, Option } from 'commander';
import type { PacketBatch } from '../../capture/batch.ts';
import type { CaptureError } from '../../capture/capture-error.ts';
import type { StatisticsCollector } from '../../replay/statistics.ts';
import type { Verdict } from '../../ir/verdict.ts';
import { exitCode } from '../exit-code.ts';
import { withSets, type SetFlags } from '../sets.ts';
import { withExamples, withFilter, withJson, type CommonFlags, type FilterFlags } from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { createProgress } from '../progress.ts';
import { engineChoices, engineFor, everyEngine, type EngineChoice } from '../replay-engines.ts';
import { capturesAt, openEach } from '../replay-inputs.ts';
import { printedTo, writtenTo, type Matches } from '../replay-matches.ts';
import { programToReplay, type ReplayedProgram } from '../replay-program.ts';
import { comparisonLines, resultDocument, resultLine, ruleLines, statisticsLines } from '../replay-result.ts';
import { reportError, warnAbout } from '../report-error.ts';

interface Flags extends CommonFlags, FilterFlags, SetFlags {
  readonly r: readonly string[];
  readonly w?: string;
  readonly count?: true;
  readonly stats?: true;
  readonly policy?: string;
  readonly engine: EngineChoice;
}

export function replayCommand(): Command {
  const command = new Command('replay')
    .description('Run a filter or a policy over captures, with the verdicts that the kernel would give.')
    .argument('<capture>', 'a capture file or a directory of them; "-" is standard input')
    .argument('[filter...]', 'the filter, in tcpdump’s language')
    .addOption(
      new Option('-r <capture>', 'a further capture or directory; may be given several times')
        .argParser((file: string, files: readonly string[]) => [...files, file])
        .default([], 'none'),
    )
    .addOption(new Option('-w <file>', 'write the matching packets to a capture file ("-" is standard output)'))
    .option('--policy <file>', 'a policy instead of a filter: what its rules count, and what would be dropped')
    .option('--count', 'print how many packets match, not the packets')
    .option('--stats', 'print protocols, lengths and times of the matching packets')
    .addOption(
      new Option('--engine <engine>', 'what runs the filter; "all" compares them')
        .choices(engineChoices)
        .default('javascript'),
    );
  withJson(withSets(withFilter(command)));
  withExamples(command, [
    "pktf replay traffic.pcap 'tcp port 22'",
    "pktf replay traffic.pcap 'host 10.0.0.1' -w matches.pcap",
    "pktf replay captures/ -r more.pcapng.gz 'udp port 53' --count --json",
    'pktf replay traffic.pcap --policy rules/web-server.yaml',
    "pktf replay traffic.pcap 'tcp' --stats",
    "pktf replay traffic.pcap 'tcp' --engine all",
  ]);
  return command.action((capture: string, words: string[], flags: Flags) => replayCaptures(capture, words, flags));
}

async function replayCaptures(capture: string, words: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const paths = capturesAt([capture, ...flags.r]);
  const program = await programToReplay(words, flags);
  const failures: CaptureError[] = [];
  if (flags.engine === 'all') await compare(paths, program, failures, output);
  else await replayWith(flags.engine, { paths, program, failures, flags, output });
  // What can be read is counted first; then comes what cannot.
  for (const failure of failures) process.exitCode = await reportError(failure);
}

interface Replay {
  readonly paths: readonly string[];
  readonly program: ReplayedProgram;
  /** Captures that cannot be opened or read to their end are put here. */
  readonly failures: CaptureError[];
  readonly flags: Flags;
  readonly output: Output;
}

async function replayWith(choice: Exclude<EngineChoice, 'all'>, job: Replay): Promise<void> {
  const { paths, program, failures, flags, output } = job;
  const [{ replay }, engine, statistics] = await Promise.all([
    import('../../replay/replay.ts'),
    engineFor(choice, program.policy),
    flags.stats === true ? openStatistics() : undefined,
  ]);
  const matches = matchesOf(job);
  const showsProgress = flags.w !== undefined || matches === undefined;
  const progress = createProgress(showsProgress ? paths : []);
  const onFailure = (failure: CaptureError): void => void failures.push(failure);
  const onBatch = (batch: PacketBatch, outcomes: Uint16Array, verdicts: readonly Verdict[]): void | Promise<void> => {
    if (showsProgress) progress.update();
    const wanted = verdicts.findIndex(({ kind }) => kind === program.wanted);
    statistics?.add(batch, (index) => outcomes[index] === wanted);
    return matches?.see(batch, outcomes, wanted);
  };
  let opened = 0;
  const sources = openEach(
    paths,
    async (capture) => {
      opened++;
      progress.reading(capture);
      await matches?.reading(capture);
    },
    onFailure,
  );
  try {
    const counters = program.policy?.rules.length ?? 0;
    const result = await replay({ sources, program: program.source, engine, counters, onBatch, onFailure });
    progress.end();
    await warnAbout(program.warnings());
    if (opened === 0) return;
    const found = statistics?.result();
    output.document(resultDocument(program, result, found));
    if (program.policy !== undefined) for (const line of ruleLines(program.policy, result)) output.line(line);
    if (found !== undefined) for (const line of statisticsLines(found)) output.line(line);
    const line = resultLine(program, result);
    if (flags.count === true) output.line(line);
    else if (!output.json) output.note(line);
    if (result.notExpressed > 0) output.warn(`${result.notExpressed} packets could not be run by this engine`);
  } finally {
    await matches?.close();
  }
}

/** Undefined where the packets themselves are not asked for. */
function matchesOf({ paths, program, flags, output }: Replay): Matches | undefined {
  const { policy } = program;
  if (flags.w !== undefined) {
    return writtenTo(flags.w, paths, policy && ((batch, index) => policy.ruleOf(batch, index)));
  }
  const isSummary = flags.count === true || flags.stats === true || policy !== undefined;
  return isSummary || output.json ? undefined : printedTo(output);
}

async function openStatistics(): Promise<StatisticsCollector> {
  const [{ createStatistics }, { packetClassifier }] = await Promise.all([
    import('../../replay/statistics.ts'),
    import('../../packet/classify.ts'),
  ]);
  return createStatistics(packetClassifier);
}

async function compare(
  paths: readonly string[],
  program: ReplayedProgram,
  failures: CaptureError[],
  output: Output,
): Promise<void> {
  const [{ compareEngines }, engines] = await Promise.all([import('../../replay/compare-engines.ts'), everyEngine()]);
  const progress = createProgress(paths);
  const readable: string[] = [];
  const onFailure = (failure: CaptureError): void => void failures.push(failure);
  const sources = openEach(
    paths,
    (capture) => {
      readable.push(capture.name);
      progress.reading(capture);
    },
    onFailure,
  );
  const comparison = await compareEngines({ sources, program: program.source, engines, onFailure });
  progress.end();
  await warnAbout(program.warnings());
  output.document(comparison);
  for (const line of comparisonLines(comparison, readable)) output.line(line);
  if (comparison.disagreements > 0) process.exitCode = exitCode.input;
}

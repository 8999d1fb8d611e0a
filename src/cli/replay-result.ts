import type { Comparison } from '../replay/compare-engines.ts';
import type { ReplayResult } from '../replay/replay.ts';
import type { Statistics } from '../replay/statistics.ts';
import { sparkline } from '../replay/time-line.ts';
import { table } from './output.ts';
import type { ReplayedPolicy, ReplayedProgram } from './replay-program.ts';

/** The JSON document of a replay. */
export function resultDocument(program: ReplayedProgram, result: ReplayResult, statistics?: Statistics): object {
  const wanted = wantedOf(program, result);
  return {
    packets: result.packets,
    matched: wanted.packets,
    bytes: result.bytes,
    matchedBytes: wanted.bytes,
    ...(result.notExpressed === 0 ? {} : { notExpressed: result.notExpressed }),
    ...(program.policy === undefined ? {} : { rules: rulesOf(program.policy, result) }),
    ...(statistics === undefined ? {} : { statistics }),
  };
}

/** How many packets match, or would be dropped, as a sentence. */
export function resultLine(program: ReplayedProgram, result: ReplayResult): string {
  const { packets } = wantedOf(program, result);
  const verb = program.wanted === 'match' ? 'match' : 'would be dropped';
  return `${packets} of ${result.packets} packets ${verb}`;
}

/** The packets and bytes of each rule. Audit and count rules count packets that others end. */
export function ruleLines(policy: ReplayedPolicy, result: ReplayResult): readonly string[] {
  const rows = rulesOf(policy, result).map(({ name, action, packets, bytes }) => {
    return [name, action, String(packets), String(bytes)];
  });
  return table([['rule', 'action', 'packets', 'bytes'], ...rows], new Set([2, 3]));
}

export function statisticsLines({ protocols, sizes, timeLine, slotWidth }: Statistics): readonly string[] {
  const most = sizes.reduce((greatest, { packets }) => Math.max(greatest, packets), 1);
  const byProtocol = protocols.map(({ protocol, packets, bytes }) => [protocol, String(packets), String(bytes)]);
  const bySize = sizes.map(({ least, greatest, packets }) => {
    const range = greatest === Infinity ? `${least} and more` : `${least}–${greatest}`;
    return [range, String(packets), '█'.repeat(Math.ceil((packets / most) * 32))];
  });
  const lines = [
    ...table([['protocol', 'packets', 'bytes'], ...byProtocol], new Set([1, 2])),
    '',
    ...table([['length', 'packets'], ...bySize], new Set([1])),
  ];
  const [first] = timeLine;
  if (first === undefined) return lines;
  const start = new Date(first.start * 1000).toISOString();
  return [...lines, '', `from ${start}, ${slotWidth} s each`, sparkline(timeLine.map(({ packets }) => packets))];
}

export function comparisonLines(comparison: Comparison, paths: readonly string[]): readonly string[] {
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

function wantedOf({ wanted }: ReplayedProgram, { byVerdict }: ReplayResult): { packets: number; bytes: number } {
  return byVerdict.find(({ verdict }) => verdict.kind === wanted) ?? { packets: 0, bytes: 0 };
}

interface RuleCount {
  readonly name: string;
  readonly action: string;
  readonly packets: number;
  readonly bytes: number;
}

function rulesOf({ rules }: ReplayedPolicy, { counters }: ReplayResult): readonly RuleCount[] {
  return rules.map((rule, counter) => {
    return { ...rule, packets: counters.packets[counter] as number, bytes: counters.bytes[counter] as number };
  });
}

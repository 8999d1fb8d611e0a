import type { FuzzReport } from './fuzz-run.ts';

/** What a run did, in lines. */
export function reportLines(report: FuzzReport): readonly string[] {
  const { filters, rejected, pairs, pairsBeyondLibpcap, matches, disagreements, known, engines } = report;
  const lines = [
    `${filters} filters (${rejected} rejected by both), ${pairs} pairs, and ${pairsBeyondLibpcap} that libpcap cannot answer`,
    `  ${matches} match; ${disagreements} disagreements`,
    ...[...known].map(([reason, count]) => `  ${count} filters not compared: ${reason}`),
  ];
  for (const [name, { verdicts, notExpressed, unable }] of engines) {
    const unasked = notExpressed === 0 ? '' : `, ${notExpressed} packets not expressed`;
    lines.push(`  ${name}: ${verdicts} verdicts${unasked}`);
    lines.push(...summarised(unable).map(([reason, count]) => `    ${count} filters not expressed: ${reason}`));
  }
  return lines;
}

/** Reasons that differ only in numbers are one. */
function summarised(reasons: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  const sums = new Map<string, number>();
  for (const [reason, count] of reasons) {
    const general = reason.replaceAll(/\b\d+\b/g, 'N');
    sums.set(general, (sums.get(general) ?? 0) + count);
  }
  return [...sums];
}

/** What one part of the conformance run found. */
export interface ConformanceReport {
  /** What was compared with what, and how much of it. */
  readonly title: string;
  readonly compared: number;
  /** One line for each disagreement. */
  readonly failures: readonly string[];
  /** What could not be compared, and why. */
  readonly notes?: readonly string[];
}

const mostShown = 20;

/** @returns whether the part passed */
export function printReport(report: ConformanceReport): boolean {
  const { title, compared, failures, notes = [] } = report;
  const shown = failures.slice(0, mostShown).map((failure) => `  ${failure}`);
  if (failures.length > mostShown) shown.push(`  … and ${failures.length - mostShown} more`);
  const lines = [
    `${title}: ${compared} comparisons, ${failures.length} disagreements`,
    ...notes.map((note) => `  ${note}`),
  ];
  process.stdout.write(`${[...lines, ...shown].join('\n')}\n`);
  return failures.length === 0;
}

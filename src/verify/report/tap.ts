import type { PolicyReport, TestResult } from '../run-tests.ts';
import { decisionLines } from './failure.ts';

/** Reports in the Test Anything Protocol, version 13 (https://testanything.org/tap-version-13-specification.html). */
export function printTap(reports: readonly PolicyReport[]): string {
  const results = reports.flatMap(({ policy, results: own }) => own.map((result) => ({ policy, result })));
  const lines = ['TAP version 13', `1..${results.length}`];
  results.forEach(({ policy, result }, index) =>
    lines.push(...linesOf(`${policy}: ${result.test.title}`, result, index + 1)),
  );
  for (const { policy, unreached } of reports) {
    for (const rule of unreached) lines.push(`# ${oneLine(policy)}: no test reaches "${oneLine(rule)}"`);
  }
  return `${lines.join('\n')}\n`;
}

function linesOf(title: string, result: TestResult, number: number): readonly string[] {
  // A number sign begins a directive.
  const description = oneLine(title).replaceAll('#', '\\#');
  switch (result.outcome) {
    case 'passed':
      return [`ok ${number} - ${description}`];
    case 'skipped':
      return [`ok ${number} - ${description} # SKIP ${oneLine(result.message ?? '')}`];
    case 'failed': {
      const details = [result.message ?? '', ...decisionLines(result)];
      return [`not ok ${number} - ${description}`, ...details.map((line) => `# ${oneLine(line)}`)];
    }
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}

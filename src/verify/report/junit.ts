import type { PolicyReport, TestResult } from '../run-tests.ts';
import { decisionLines } from './failure.ts';

/** Reports as JUnit's XML, as far as continuous integration servers agree on it. */
export function printJunit(reports: readonly PolicyReport[]): string {
  const suites = reports.flatMap(suiteLines);
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', ''].join('\n');
}

function suiteLines({ policy, results, unreached }: PolicyReport): readonly string[] {
  const count = (outcome: TestResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const counts = `tests="${results.length}" failures="${count('failed')}" skipped="${count('skipped')}"`;
  const coverage = unreached.map((rule) => `no test reaches "${rule}"`).join('\n');
  return [
    `  <testsuite name="${escaped(policy)}" ${counts}>`,
    ...results.flatMap((result) => caseLines(policy, result)),
    ...(coverage === '' ? [] : [`    <system-out>${escaped(coverage)}</system-out>`]),
    '  </testsuite>',
  ];
}

function caseLines(policy: string, result: TestResult): readonly string[] {
  const head = `    <testcase classname="${escaped(policy)}" name="${escaped(result.test.title)}"`;
  const message = escaped(result.message ?? '');
  switch (result.outcome) {
    case 'passed':
      return [`${head}/>`];
    case 'skipped':
      return [`${head}><skipped message="${message}"/></testcase>`];
    case 'failed':
      return [
        `${head}><failure message="${message}">${escaped(decisionLines(result).join('\n'))}</failure></testcase>`,
      ];
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** XML 1.0 has no way to write most control characters; they become question marks. */
function escaped(text: string): string {
  return (
    text
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '?')
      .replace(/[&<>"']/g, (character) => entities[character] as string)
  );
}

import { printDecision } from '../policy-test.ts';
import type { TestResult } from '../run-tests.ts';

/** What to say of the packet that a failing test is about. */
export function decisionLines({ offender, test }: TestResult): readonly string[] {
  if (offender === undefined) return [];
  const which = test.subject.kind === 'capture' ? `packet ${offender.number}` : 'packet';
  return [`${which}: ${offender.summary}`, `decided: ${printDecision(offender.verdict.kind, offender.rule)}`];
}

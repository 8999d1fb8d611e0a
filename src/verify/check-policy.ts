import type { Diagnostic } from '../compiler/diagnostic.ts';
import { hookProgram } from '../pipeline.ts';
import type { PolicyFile, PolicyReading } from '../rules/read-policy.ts';
import type { PolicyTest } from './policy-test.ts';
import { readTests } from './read-tests.ts';

export interface CheckedPolicy {
  readonly file: PolicyFile;
  readonly tests: readonly PolicyTest[];
  /** Of the policy and of its tests, file by file in the order of the text. */
  readonly diagnostics: readonly Diagnostic[];
  /** Of the program for the policy's hook; 0 where there is none because of an error. */
  readonly instructions: number;
}

/** All that can be known of a policy without a kernel: it is read, its tests are read, its program is made. */
export function checkPolicy({ file, diagnostics }: PolicyReading): CheckedPolicy {
  const reading = readTests(file);
  const all = [...diagnostics, ...reading.diagnostics];
  const isGood = !all.some(({ severity }) => severity === 'error');
  const program = isGood ? hookProgram(file.policy, { hook: file.hook, counters: true }).program : undefined;
  return { file, tests: reading.tests, diagnostics: all, instructions: program?.instructions.length ?? 0 };
}

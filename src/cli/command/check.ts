import { Command } from 'commander';
import type { Diagnostic } from '../../compiler/diagnostic.ts';
import { positionOf } from '../../ir/span.ts';
import { exitCode } from '../exit-code.ts';
import { withExamples, withJson, type CommonFlags } from '../options.ts';
import { openOutput } from '../output.ts';
import { openPolicySource } from '../policy-source.ts';
import { warnAbout } from '../report-error.ts';

export function checkCommand(): Command {
  const command = new Command('check')
    .description('Parse, type-check and compile policies; report every problem with its place.')
    .argument('<policy...>', 'policy files');
  withJson(command);
  withExamples(command, ['pktf check rules/web-server.yaml', 'pktf check rules/*.yaml --json']);
  return command.action((paths: string[], flags: CommonFlags) => check(paths, flags));
}

async function check(paths: readonly string[], flags: CommonFlags): Promise<void> {
  const output = openOutput(flags.json === true);
  const [policies, { checkPolicy }] = await Promise.all([openPolicySource(), import('../../verify/check-policy.ts')]);
  const documents: unknown[] = [];
  let errors = 0;
  for (const path of paths) {
    const { file, diagnostics, tests, instructions } = checkPolicy(policies.read(path));
    await warnAbout(diagnostics);
    const wrong = diagnostics.filter(({ severity }) => severity === 'error').length;
    errors += wrong;
    const { name, rules } = file.policy;
    const counts = { rules: rules.length, sets: file.sets.size, tests: tests.length };
    documents.push({
      file: path,
      name,
      ok: wrong === 0,
      ...counts,
      instructions,
      problems: diagnostics.map(problemDocument),
    });
    if (wrong > 0) output.line(`${path}: ${wrong} ${wrong === 1 ? 'error' : 'errors'}`);
    else {
      const { sets, tests: tested } = counts;
      output.line(`${path}: good (${rules.length} rules, ${sets} sets, ${tested} tests, ${instructions} instructions)`);
    }
  }
  output.document(documents);
  if (errors > 0) process.exitCode = exitCode.input;
}

function problemDocument({ code, severity, message, span, help }: Diagnostic): unknown {
  const { line, column } = positionOf(span.source, span.start);
  return { file: span.source.name, line, column, code, severity, message, ...(help === undefined ? {} : { help }) };
}

import { Command, Option } from 'commander';
import type { Engine } from '../../replay/engine.ts';
import type { PolicyReport } from '../../verify/run-tests.ts';
import { visible } from '../../compiler/render.ts';
import { exitCode } from '../exit-code.ts';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, type CommonFlags } from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { openPolicySource } from '../policy-source.ts';
import { warnAbout } from '../report-error.ts';

const engines = ['javascript', 'evaluator', 'ebpf', 'kernel'] as const;
const reporters = ['lines', 'tap', 'junit'] as const;

interface Flags extends CommonFlags {
  readonly engine: (typeof engines)[number];
  readonly reporter: (typeof reporters)[number];
}

export function testCommand(): Command {
  const command = new Command('test')
    .description('Run the tests inside policies: flows, packets and captures with expected verdicts.')
    .argument('<policy...>', 'policy files')
    .addOption(
      new Option('--engine <engine>', '"kernel" runs the very program that would be attached (BPF_PROG_TEST_RUN)')
        .choices(engines)
        .default('javascript'),
    )
    .addOption(new Option('--reporter <format>', 'how results are printed').choices(reporters).default('lines'));
  withJson(command);
  withExamples(command, [
    'pktf test rules/web-server.yaml',
    'pktf test rules/*.yaml --engine kernel',
    'pktf test rules/*.yaml --reporter junit > results.xml',
  ]);
  return command.action((paths: string[], flags: Flags) => test(paths, flags));
}

async function test(paths: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const [policies, { readTests }, { runTests }] = await Promise.all([
    openPolicySource(),
    import('../../verify/read-tests.ts'),
    import('../../verify/run-tests.ts'),
  ]);
  const reports: PolicyReport[] = [];
  let broken = false;
  for (const path of paths) {
    const { file, diagnostics } = policies.read(path);
    const { tests, diagnostics: ofTests } = readTests(file);
    const problems = [...diagnostics, ...ofTests];
    await warnAbout(problems);
    if (problems.some(({ severity }) => severity === 'error')) {
      broken = true;
      continue;
    }
    const report = await runTests({
      policyFor: (linkType) => (linkType === 'EN10MB' ? file : policies.read(path, linkType).file),
      tests,
      engine: await engineFor(flags.engine, file.hook),
      interfaces: policies.interfaces,
    });
    reports.push(report);
    if (flags.reporter === 'lines') await printLines(report, output);
  }
  await printAll(reports, flags.reporter, output);
  const failed = reports.flatMap(({ results }) => results.filter(({ outcome }) => outcome === 'failed')).length;
  if (failed > 0) output.note(`${failed} ${failed === 1 ? 'test' : 'tests'} failed`);
  if (broken || failed > 0) process.exitCode = exitCode.input;
}

async function engineFor(choice: Flags['engine'], hook: string): Promise<Engine> {
  switch (choice) {
    case 'javascript':
      return (await import('../../replay/engine/javascript.ts')).javascriptEngine;
    case 'evaluator':
      return (await import('../../replay/engine/evaluator.ts')).evaluatorEngine;
    case 'ebpf':
      return (await import('../../replay/engine/ebpf.ts')).ebpfEngine;
    case 'kernel': {
      const { kernelTcEngine, kernelXdpEngine } = await import('../../replay/engine/kernel-test-run.ts');
      const kernel = await openKernel({});
      return hook === 'xdp' ? kernelXdpEngine(kernel) : kernelTcEngine(kernel);
    }
  }
}

async function printLines({ policy, results, unreached }: PolicyReport, output: Output): Promise<void> {
  const { decisionLines } = await import('../../verify/report/failure.ts');
  output.line(visible(policy));
  for (const result of results) {
    const mark = { passed: 'ok', failed: 'FAIL', skipped: 'skip' }[result.outcome];
    output.line(`  ${mark.padEnd(4)}  ${visible(result.test.title)}`);
    if (result.message !== undefined) output.line(`        ${visible(result.message)}`);
    for (const line of decisionLines(result)) output.line(`        ${visible(line)}`);
  }
  for (const rule of unreached) output.line(`  no test reaches "${visible(rule)}"`);
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  const skipped = results.filter(({ outcome }) => outcome === 'skipped').length;
  const rest = skipped === 0 ? '' : `, ${skipped} skipped`;
  output.line(`  ${results.length - failed - skipped} passed, ${failed} failed${rest}`);
}

async function printAll(reports: readonly PolicyReport[], reporter: Flags['reporter'], output: Output): Promise<void> {
  output.document(reports.map(reportDocument));
  if (reporter === 'tap') output.text((await import('../../verify/report/tap.ts')).printTap(reports));
  if (reporter === 'junit') output.text((await import('../../verify/report/junit.ts')).printJunit(reports));
}

function reportDocument({ policy, results, unreached }: PolicyReport): unknown {
  return {
    policy,
    tests: results.map(({ test: { title }, outcome, packets, message, offender }) => ({
      title,
      outcome,
      packets,
      message,
      packet: offender?.summary,
      decidedBy: offender?.rule,
    })),
    unreached,
  };
}

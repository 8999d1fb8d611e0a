import { Command, Option } from 'commander';
import type { Applied } from '../../appliance/apply.ts';
import { durationFlag } from '../duration.ts';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, withNamespace, type CommonFlags, type NamespaceFlags } from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { warnAbout } from '../report-error.ts';

interface Flags extends CommonFlags, NamespaceFlags {
  readonly interface: readonly string[];
  readonly confirm?: string;
  readonly dryRun?: true;
  readonly replace?: true;
  readonly force?: true;
}

export function applyCommand(): Command {
  const command = new Command('apply')
    .description('Enforce a policy on all its interfaces, or, where anything fails, on none.')
    .argument('<policy>', 'the policy file')
    .addOption(
      new Option('--interface <interface>', 'instead of those that the policy lists; may be given several times')
        .argParser((name: string, names: readonly string[]) => [...names, name])
        .default([], 'those of the policy'),
    )
    .option('--confirm <time>', 'go back by itself after this time (30s, 5m) unless `pktf confirm` comes first')
    .option('--dry-run', 'check, compile and have the kernel verify, but change nothing')
    .option('--replace', 'take the place of other filters, policies and programs')
    .option('--force', 'even where it would cut your own SSH session');
  withJson(withNamespace(command));
  withExamples(command, [
    'pktf apply edge.yaml --dry-run',
    'pktf apply edge.yaml --confirm 30s',
    'pktf apply lab.yaml --interface va',
  ]);
  return command.action((path: string, flags: Flags) => apply(path, flags));
}

async function apply(path: string, flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const { applyPolicy } = await import('../../appliance/apply.ts');
  const confirmWithin = durationFlag('--confirm', flags.confirm);
  const applied = await applyPolicy(await openKernel(flags), {
    path,
    ...(flags.interface.length === 0 ? {} : { interfaces: flags.interface }),
    ...(confirmWithin === undefined ? {} : { confirmWithin }),
    dryRun: flags.dryRun === true,
    replace: flags.replace === true,
    force: flags.force === true,
  });
  await warnAbout(applied.warnings);
  say(applied, flags, output);
}

function say(applied: Applied, flags: Flags, output: Output): void {
  const { warnings: _warnings, ...document } = applied;
  output.document(document);
  for (const { interface: name, mode, replaced, remarks } of applied.interfaces) {
    for (const remark of remarks) output.note(remark);
    const place = mode === undefined ? applied.hook : `${applied.hook}, ${mode} mode`;
    if (flags.dryRun === true)
      output.line(`${applied.policy} would go on ${name} (${applied.hook}); nothing was changed`);
    else
      output.line(`${applied.policy} is enforced on ${name} (${place})${replaced ? ', replacing what was there' : ''}`);
  }
  if (flags.confirm !== undefined && flags.dryRun !== true) {
    output.line(`what was there before returns in ${flags.confirm} unless you run: pktf confirm`);
  }
  for (const remark of applied.remarks) output.note(remark);
  for (const name of applied.left) output.line(`${applied.policy} has left ${name}`);
}

import { Command } from 'commander';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Status } from '../../appliance/status.ts';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, withNamespace, type CommonFlags, type NamespaceFlags } from '../options.ts';
import { exitCode } from '../exit-code.ts';
import { openOutput, type Output } from '../output.ts';
import { visible } from '../../compiler/render.ts';

interface Flags extends CommonFlags, NamespaceFlags {
  readonly against?: string;
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('What is attached: by what filter, since when, in which mode.')
    .argument('[interface]', 'one interface instead of all')
    .option('--against <policy>', 'compare with a policy file; exit 1 where they differ');
  withJson(withNamespace(command));
  withExamples(command, ['pktf status', 'pktf status eth0 --json', 'pktf status --against edge.yaml']);
  return command.action((name: string | undefined, flags: Flags) => status(name, flags));
}

async function status(name: string | undefined, flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  if (flags.against !== undefined) return compare(name, flags.against, flags, output);
  const { readStatus } = await import('../../appliance/status.ts');
  const kernel = await openKernel(flags);
  const statuses = readStatus(kernel, name);
  output.document(statuses);
  if (statuses.length === 0) output.line('nothing is attached');
  for (const line of statuses.flatMap(describe)) output.line(line);
  if (statuses.some(({ confirmation }) => confirmation?.kind === 'reverted')) await tidy(kernel, output);
}

/** Puts back for good what the data path has put back already; told once, `status` shows it as what is attached. */
async function tidy(kernel: Kernel, output: Output): Promise<void> {
  const [{ tidyReverted }, { ApplianceError }] = await Promise.all([
    import('../../appliance/confirm.ts'),
    import('../../appliance/appliance-error.ts'),
  ]);
  try {
    for (const { interface: name, hook, policy } of tidyReverted(kernel)) {
      output.note(`${visible(policy)} was taken away from ${name} (${hook})`);
    }
  } catch (error) {
    if (!(error instanceof ApplianceError)) throw error;
    output.note(`it was not tidied up: ${error.message}`);
  }
}

async function compare(name: string | undefined, path: string, flags: Flags, output: Output): Promise<void> {
  const { driftFrom } = await import('../../appliance/drift.ts');
  const drift = driftFrom(await openKernel(flags), { path, ...(name === undefined ? {} : { interfaces: [name] }) });
  output.document(drift);
  for (const { interface: where, difference } of drift) output.line(`${where}: ${visible(difference)}`);
  if (drift.length === 0) output.line(`everything is as ${path} says`);
  else process.exitCode = exitCode.input;
}

function describeConfirmation({ confirmation }: Status): string {
  if (confirmation === undefined) return '';
  if (confirmation.kind === 'confirmed') return ', confirmed; `pktf confirm` once more completes it';
  const lost = confirmation.lost ? '; what was there before is lost, packets will pass' : '';
  if (confirmation.kind === 'reverted') return `, not confirmed in time: what was there before runs again${lost}`;
  return `, to be confirmed within ${confirmation.secondsLeft} s${lost}`;
}

function describe(status: Status): readonly string[] {
  const place = [status.hook, status.mode, status.held === 'link' ? 'held by a link' : undefined]
    .filter((part) => part !== undefined)
    .join(', ');
  const head = `${status.interface} (${place}): program ${status.programId}`;
  if (status.owner === 'foreign') return [`${head} ${visible(status.name)}, not pktf’s`];
  if (status.policy !== undefined) {
    return [`${head}, since ${status.since}`, `  policy  ${visible(status.policy)}${describeConfirmation(status)}`];
  }
  return [`${head}, since ${status.since}`, `  filter  ${visible(status.filter ?? '')}`, `  action  ${status.action}`];
}

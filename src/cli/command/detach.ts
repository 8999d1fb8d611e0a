import { Command } from 'commander';
import type { EbpfHook } from '../../pipeline.ts';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, withNamespace, type CommonFlags, type NamespaceFlags } from '../options.ts';
import { openOutput } from '../output.ts';
import { hookOption } from './attach.ts';

interface Flags extends CommonFlags, NamespaceFlags {
  readonly hook?: EbpfHook;
}

export function detachCommand(): Command {
  const command = new Command('detach')
    .description('Take pktf’s program off an interface, at one hook or at all. Programs of others stay.')
    .argument('<interface>')
    .addOption(hookOption());
  withJson(withNamespace(command));
  withExamples(command, ['pktf detach eth0', 'pktf detach eth0 --hook tc']);
  return command.action((name: string, flags: Flags) => detach(name, flags));
}

async function detach(name: string, flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const { detachFilter } = await import('../../appliance/detach.ts');
  const kernel = await openKernel(flags);
  const detached = detachFilter(kernel, { interface: name, ...(flags.hook === undefined ? {} : { hook: flags.hook }) });
  output.document(detached);
  for (const { hook, programId } of detached) output.line(`detached program ${programId} from ${name} (${hook})`);
}

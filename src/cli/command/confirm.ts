import { Command } from 'commander';
import type { ConfirmedInterface } from '../../appliance/confirm.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, withNamespace, type CommonFlags, type NamespaceFlags } from '../options.ts';
import { openOutput } from '../output.ts';

type Flags = CommonFlags & NamespaceFlags;

export function confirmCommand(): Command {
  const command = new Command('confirm').description('Keep what was applied with `pktf apply --confirm`.');
  withJson(withNamespace(command));
  withExamples(command, ['pktf apply edge.yaml --confirm 30s', 'pktf confirm']);
  return command.action((flags: Flags) =>
    settle(flags, 'confirmed on', async (kernel) => {
      const { confirmPolicies } = await import('../../appliance/confirm.ts');
      return confirmPolicies(kernel);
    }),
  );
}

export function rollbackCommand(): Command {
  const command = new Command('rollback').description(
    'Go back at once to what ran before a `pktf apply --confirm` that is not confirmed.',
  );
  withJson(withNamespace(command));
  withExamples(command, ['pktf rollback']);
  return command.action((flags: Flags) =>
    settle(flags, 'rolled back on', async (kernel) => {
      const { rollBackPolicies } = await import('../../appliance/confirm.ts');
      return rollBackPolicies(kernel);
    }),
  );
}

async function settle(
  flags: Flags,
  done: string,
  action: (kernel: Kernel) => Promise<readonly ConfirmedInterface[]>,
): Promise<void> {
  const output = openOutput(flags.json === true);
  const settled = await action(await openKernel(flags));
  output.document(settled);
  for (const { interface: name, hook, policy } of settled) output.line(`${policy} ${done} ${name} (${hook})`);
}

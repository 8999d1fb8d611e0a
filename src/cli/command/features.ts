import { Command } from 'commander';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, withNamespace, type CommonFlags, type NamespaceFlags } from '../options.ts';
import { openOutput } from '../output.ts';

type Flags = CommonFlags & NamespaceFlags;

export function featuresCommand(): Command {
  const command = new Command('features').description(
    'What this kernel and this user can do, and what to do about what is missing.',
  );
  withJson(withNamespace(command));
  withExamples(command, ['pktf features', 'pktf features --json']);
  return command.action((flags: Flags) => features(flags));
}

async function features(flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const [{ probeFeatures }, { hiddenTags }] = await Promise.all([
    import('../../kernel/features.ts'),
    import('../../appliance/tag-view.ts'),
  ]);
  const kernel = await openKernel(flags);
  const found = [...probeFeatures(kernel), ...hiddenTags(kernel)];
  output.document(found);
  const width = Math.max(...found.map((feature) => feature.name.length));
  for (const { name, available, detail, remedy } of found) {
    output.line(`${available ? 'yes' : 'no '}  ${name.padEnd(width)}  ${detail}`);
    if (!available && remedy !== undefined) output.line(`     ${''.padEnd(width)}  ${remedy}`);
  }
}

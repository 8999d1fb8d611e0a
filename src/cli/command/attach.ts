import { Command, Option } from 'commander';
import type { Attached, AttachRequest } from '../../appliance/attach.ts';
import { filterSource } from '../filter-source.ts';
import { openKernel } from '../kernel-session.ts';
import {
  withExamples,
  withFilter,
  withJson,
  withNamespace,
  type CommonFlags,
  type FilterFlags,
  type NamespaceFlags,
} from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { setsOfFlags, withSets, type SetFlags } from '../sets.ts';
import { warnAbout } from '../report-error.ts';

interface Flags extends CommonFlags, FilterFlags, NamespaceFlags, SetFlags {
  readonly hook: NonNullable<AttachRequest['hook']>;
  readonly action: NonNullable<AttachRequest['action']>;
  readonly mode?: NonNullable<AttachRequest['mode']>;
  readonly link?: true;
  readonly replace?: true;
  readonly force?: true;
}

export function attachCommand(): Command {
  const command = new Command('attach')
    .description('Put a filter on an interface. Without --action it counts and drops nothing.')
    .argument('<interface>')
    .argument('[filter...]', 'the filter, in tcpdump’s language')
    .addOption(hookOption().default('xdp'))
    .addOption(
      new Option('--action <action>', '"drop" drops what matches, "pass" drops what does not, "count" drops nothing')
        .choices(['count', 'drop', 'pass'])
        .default('count'),
    )
    .addOption(
      new Option('--mode <mode>', 'XDP mode; without it native, else generic, said aloud').choices([
        'native',
        'generic',
        'offload',
      ]),
    )
    .option('--link', 'hold it by a pinned bpf_link (tcx at TC), which other tools cannot remove')
    .option('--replace', 'take the place of another filter or program')
    .option('--force', 'even where it would cut your own SSH session');
  withJson(withNamespace(withSets(withFilter(command))));
  withExamples(command, [
    "pktf attach eth0 'tcp port 22'                      count, drop nothing",
    "pktf attach eth0 'tcp port 22' --action drop        enforce",
    "pktf attach eth0 'arp or icmp or tcp port 22' --action pass --hook tc",
    "pktf attach va 'udp' --action drop --netns lab --link",
  ]);
  return command.action((name: string, words: string[], flags: Flags) => attach(name, words, flags));
}

/** The choice of a hook, which several commands have. */
export function hookOption(): Option {
  return new Option('--hook <hook>', 'where in the kernel').choices(['xdp', 'tc', 'tc-egress']);
}

async function attach(name: string, words: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const filter = filterSource(words, flags.F);
  const [{ attachFilter }, { systemNames }] = await Promise.all([
    import('../../appliance/attach.ts'),
    import('../../names/system-names.ts'),
  ]);
  const kernel = await openKernel(flags);
  const attached = attachFilter(kernel, {
    interface: name,
    filter,
    hook: flags.hook,
    action: flags.action,
    ...(flags.mode === undefined ? {} : { mode: flags.mode }),
    link: flags.link === true,
    replace: flags.replace === true,
    force: flags.force === true,
    optimize: flags.O !== true,
    neverMatching: flags.refuseNever === true ? 'refuse' : 'warn',
    sets: await setsOfFlags(flags),
    names: systemNames(),
  });
  await warnAbout(attached.warnings);
  for (const remark of attached.remarks) output.note(remark);
  say(attached, output);
}

function say(attached: Attached, output: Output): void {
  const { warnings: _warnings, ...document } = attached;
  output.document(document);
  const place = attached.mode === undefined ? attached.hook : `${attached.hook}, ${attached.mode} mode`;
  const verb = attached.replaced ? 'replaced the program on' : 'attached to';
  output.line(`${verb} ${attached.interface} (${place}), program ${attached.programId}`);
  if (attached.action === 'count') output.line('it counts and drops nothing; --action drop or --action pass enforces');
  output.line(`pktf counters ${attached.interface} shows what it sees, pktf detach ${attached.interface} takes it off`);
}

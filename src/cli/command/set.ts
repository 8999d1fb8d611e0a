import { Command, Option } from 'commander';
import type { LiveElement, SetChange } from '../../appliance/live-set.ts';
import { durationFlag } from '../duration.ts';
import { elementsFromFile } from '../element-file.ts';
import { openKernel } from '../kernel-session.ts';
import { withExamples, withJson, withNamespace, type CommonFlags, type NamespaceFlags } from '../options.ts';
import { openOutput } from '../output.ts';

type Flags = CommonFlags & NamespaceFlags;

interface ChangeFlags extends Flags {
  readonly timeout?: string;
  readonly F?: string;
}

export function setCommand(): Command {
  const command = new Command('set').description('Look at and change the live sets of a policy, without reloading it.');
  withExamples(command, [
    'pktf set list eth0 banned',
    'pktf set add eth0 banned 192.0.2.7 --timeout 1h',
    'pktf set del eth0 banned 192.0.2.7',
    'pktf set replace eth0 blocklist -F blocklist.txt',
  ]);
  const list = new Command('list').description('the elements').argument('<interface>').argument('<set>');
  command.addCommand(
    withNamespace(withJson(list)).action((name: string, set: string, flags: Flags) => listElements(name, set, flags)),
  );
  command.addCommand(changing('add', 'add elements', true));
  command.addCommand(changing('del', 'take elements out', false));
  command.addCommand(changing('replace', 'make the set hold these elements and no others, in one step', true));
  return command;
}

type Verb = 'add' | 'del' | 'replace';

function changing(verb: Verb, description: string, timed: boolean): Command {
  const command = new Command(verb)
    .description(description)
    .argument('<interface>')
    .argument('<set>')
    .argument('[element...]', 'addresses, networks, ports, ranges of ports, or MAC addresses')
    .addOption(new Option('-F <file>', 'read elements from a file, one a line, # begins a comment'));
  if (timed) command.option('--timeout <duration>', 'the elements are no more after this time (90s, 10m, 1h, 2d)');
  return withNamespace(withJson(command)).action((name: string, set: string, elements: string[], flags: ChangeFlags) =>
    change(verb, name, set, elements, flags),
  );
}

async function listElements(name: string, set: string, flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const { listSet } = await import('../../appliance/live-set.ts');
  const elements = await listSet(await openKernel(flags), name, set);
  output.document(elements);
  for (const element of elements) output.line(describe(element));
}

function describe({ element, expiresIn }: LiveElement): string {
  return expiresIn === undefined ? element : `${element}  for ${expiresIn} s`;
}

async function change(
  verb: Verb,
  name: string,
  set: string,
  words: readonly string[],
  flags: ChangeFlags,
): Promise<void> {
  const output = openOutput(flags.json === true);
  const [{ addToSet, deleteFromSet, replaceSet }, { systemNames }] = await Promise.all([
    import('../../appliance/live-set.ts'),
    import('../../names/system-names.ts'),
  ]);
  const elements = flags.F === undefined ? words : [...words, ...elementsFromFile(flags.F)];
  const timeout = durationFlag('--timeout', flags.timeout);
  const wanted: SetChange = {
    interface: name,
    set,
    elements,
    names: systemNames(),
    ...(timeout === undefined ? {} : { timeout }),
  };
  const kernel = await openKernel(flags);
  const actions = { add: addToSet, del: deleteFromSet, replace: replaceSet };
  const count = await actions[verb](kernel, wanted);
  output.document({ interface: name, set, [verb]: count });
  const done = { add: 'added to', del: 'taken out of', replace: 'now all of' }[verb];
  output.line(`${count} ${count === 1 ? 'element' : 'elements'} ${done} ${set} on ${name}`);
}

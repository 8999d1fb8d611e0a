import { Command, Option } from 'commander';
import type { LinkType } from '../../ir/link-type.ts';
import { visible } from '../../compiler/render.ts';
import { DiagnosticError } from '../../compiler/diagnostic.ts';
import type { ExplainedPacket, Explanation, Field, PolicyExplanation } from '../../verify/explain.ts';
import { filterSource } from '../filter-source.ts';
import { InputError } from '../input-error.ts';
import {
  linkTypeFlag,
  withExamples,
  withFilter,
  withJson,
  withLinkType,
  type CommonFlags,
  type FilterFlags,
} from '../options.ts';
import { openOutput, type Output } from '../output.ts';
import { openPolicySource } from '../policy-source.ts';

interface Flags extends CommonFlags, FilterFlags {
  readonly policy?: string;
  readonly packet?: string;
  readonly flow?: string;
  readonly hex?: string;
}

export function explainCommand(): Command {
  const command = new Command('explain')
    .description(
      'Say why a filter or a policy does what it does with one packet: the clause that decided, the bytes it read.',
    )
    .argument('[filter...]', 'the filter, in tcpdump’s language')
    .addOption(new Option('--policy <file>', 'explain a policy instead of a filter'))
    .addOption(new Option('--packet <file:number>', 'a packet of a capture, counted from 1').conflicts(['flow', 'hex']))
    .addOption(new Option('--flow <flow>', 'a packet in words').conflicts('hex'))
    .addOption(new Option('--hex <digits>', 'a frame in hexadecimal'));
  withJson(withLinkType(withFilter(command)));
  withExamples(command, [
    "pktf explain 'tcp dst port 22' --packet traffic.pcap:7",
    "pktf explain --policy rules/web-server.yaml --flow 'tcp 203.0.113.7:40000 > 192.0.2.1:22'",
  ]);
  return command.action((words: string[], flags: Flags) => explain(words, flags));
}

async function explain(words: readonly string[], flags: Flags): Promise<void> {
  const output = openOutput(flags.json === true);
  const packet = await packetFor(flags);
  if (flags.policy === undefined) return explainFilterFor(packet, words, flags, output);
  if (words.length > 0 || flags.F !== undefined) throw new InputError('give a filter or --policy, not both');
  const [policies, { explainPolicy }] = await Promise.all([openPolicySource(), import('../../verify/explain.ts')]);
  const { file, diagnostics } = policies.read(flags.policy, packet.linkType);
  if (diagnostics.some(({ severity }) => severity === 'error')) throw new DiagnosticError(diagnostics);
  const explanation = explainPolicy(file, packet);
  output.document(explanation);
  sayPolicy(explanation, output);
}

async function explainFilterFor(
  packet: ExplainedPacket,
  words: readonly string[],
  flags: Flags,
  output: Output,
): Promise<void> {
  const [{ compileFilter }, { systemNames }, { explainFilter }] = await Promise.all([
    import('../../pipeline.ts'),
    import('../../names/system-names.ts'),
    import('../../verify/explain.ts'),
  ]);
  const filter = compileFilter(filterSource(words, flags.F), { linkType: packet.linkType, names: systemNames() });
  const explanation = explainFilter(filter.predicate, packet);
  output.document(explanation);
  output.line(visible(explanation.packet));
  output.line(explanation.answer);
  for (const line of reasonLines(explanation)) output.line(`  ${line}`);
}

async function packetFor(flags: Flags): Promise<ExplainedPacket> {
  const subjects = await import('../../verify/explained-packet.ts');
  const linkType: LinkType = linkTypeFlag(flags.y) ?? 'EN10MB';
  try {
    if (flags.packet !== undefined) return await subjects.packetOfCapture(flags.packet);
    if (flags.flow !== undefined) return subjects.packetOfFlow(flags.flow, linkType);
    if (flags.hex !== undefined) return subjects.packetOfHex(flags.hex, linkType);
  } catch (failure) {
    if (failure instanceof subjects.NoSuchPacket) throw new InputError(failure.message);
    throw failure;
  }
  throw new InputError('which packet? give --packet FILE:NUMBER, --flow or --hex');
}

function sayPolicy({ packet, rules, verdict, decidedBy }: PolicyExplanation, output: Output): void {
  output.line(visible(packet));
  for (const rule of rules) {
    const action = `${rule.action}${rule.audit ? ', audit' : ''}`;
    output.line(`rule "${visible(rule.rule)}" (${action}): ${rule.answer}`);
    for (const line of reasonLines(rule)) output.line(`  ${line}`);
  }
  output.line(
    `${verdict} by ${decidedBy === 'default' || decidedBy === 'malformed' ? decidedBy : `"${visible(decidedBy)}"`}`,
  );
}

function reasonLines({ clause, question, fields }: Explanation): readonly string[] {
  const asked = [clause === undefined ? undefined : visible(clause), question].filter((part) => part !== undefined);
  return [...(asked.length === 0 ? [] : [asked.join(': ')]), ...fields.map(fieldLine)];
}

function fieldLine({ name, offset, size, value }: Field): string {
  const bytes = value === undefined ? 'not in the packet' : `0x${value.toString(16).padStart(2 * size, '0')}`;
  return `${name} (${size === 1 ? `byte ${offset}` : `bytes ${offset} to ${offset + size - 1}`}): ${bytes}`;
}

import { Option, type Command } from 'commander';
import type { LinkType } from '../ir/link-type.ts';
import { linkTypeByName, linkTypes } from '../ir/link-type.ts';
import { InputError } from './input-error.ts';

/** Flags that mean the same in every command that has them. */
export interface CommonFlags {
  readonly json?: true;
}

export interface FilterFlags {
  /** File to read the filter from. */
  readonly F?: string;
  /** Link type by name. */
  readonly y?: string;
  /** As tcpdump: a filter that no packet can match is an error. */
  readonly refuseNever?: true;
  /** False with tcpdump's -O: do not optimise. */
  readonly O?: true;
}

export interface NamespaceFlags {
  readonly netns?: string;
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print one JSON document');
}

export function withFilter(command: Command): Command {
  return command
    .addOption(new Option('-F <file>', 'read the filter from a file ("-" is standard input)'))
    .addOption(new Option('-O', 'do not optimise the compiled filter'))
    .option('--refuse-never', 'refuse a filter that no packet can match, as tcpdump does, instead of warning');
}

export function withLinkType(command: Command): Command {
  const names = linkTypes.map((facts) => facts.name).join(', ');
  return command.addOption(new Option('-y <linktype>', `link type of the packets (${names})`));
}

export function withNamespace(command: Command): Command {
  return command.option('--netns <name>', 'work in this network namespace (as `ip netns` names them)');
}

/** @throws InputError for a name that is none of ours */
export function linkTypeFlag(name: string | undefined): LinkType | undefined {
  if (name === undefined) return undefined;
  const linkType = linkTypeByName(name);
  if (linkType !== undefined) return linkType;
  throw new InputError(
    `unknown link type "${name}"`,
    `link types are ${linkTypes.map((facts) => facts.name).join(', ')}`,
  );
}

/** A whole number of at least `least`, for flags such as -c and -s. @throws InputError */
export function countFlag(flag: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
  throw new InputError(`${flag} takes a whole number of at least ${least}, not "${text}"`);
}

/** The examples that close a command's help. */
export function withExamples(command: Command, examples: readonly string[]): Command {
  return command.addHelpText('after', ['', 'Examples:', ...examples.map((example) => `  ${example}`)].join('\n'));
}

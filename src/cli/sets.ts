import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { PolicySet } from '../rules/policy-set.ts';
import { InputError } from './input-error.ts';
import { unreadable } from './unreadable.ts';

/** Sets for `@name` in a filter. */
export interface SetFlags {
  /** `NAME=FILE`, as often as there are sets. */
  readonly set: readonly string[];
  /** A policy file whose sets may be named. */
  readonly sets?: string;
}

export function withSets(command: Command): Command {
  return command
    .addOption(
      new Option('--set <name=file>', 'a set for @name: one element a line; may be given several times')
        .argParser((text: string, texts: readonly string[]) => [...texts, text])
        .default([], 'none'),
    )
    .option('--sets <policy.yaml>', 'the sets of a policy for @name');
}

/** @throws InputError, DiagnosticError with every element that is none */
export async function setsOfFlags(flags: SetFlags): Promise<ReadonlyMap<string, PolicySet>> {
  if (flags.set.length === 0 && flags.sets === undefined) return new Map();
  const [{ readSetFile }, { DiagnosticError }, { systemNames }] = await Promise.all([
    import('../rules/read-sets.ts'),
    import('../compiler/diagnostic.ts'),
    import('../names/system-names.ts'),
  ]);
  const names = systemNames();
  const problems: Diagnostic[] = [];
  const sets = new Map(flags.sets === undefined ? [] : await setsOfPolicy(flags.sets));
  for (const text of flags.set) {
    const [, name, file] = /^([^=]+)=(.+)$/.exec(text) ?? [];
    if (name === undefined || file === undefined) throw new InputError(`--set takes NAME=FILE, not "${text}"`);
    sets.set(name, readSetFile(name, { name: file, text: readText(file) }, names, problems));
  }
  if (problems.length > 0) throw new DiagnosticError(problems);
  return sets;
}

async function setsOfPolicy(path: string): Promise<ReadonlyMap<string, PolicySet>> {
  const [{ openPolicySource }, { DiagnosticError }] = await Promise.all([
    import('./policy-source.ts'),
    import('../compiler/diagnostic.ts'),
  ]);
  const { file, diagnostics } = (await openPolicySource()).read(path);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new DiagnosticError(errors);
  return file.sets;
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
}

import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { LinkType } from '../ir/link-type.ts';
import type { PacketBatch } from '../capture/batch.ts';
import type { ProgramSource } from '../replay/engine-run.ts';
import type { PolicyHook } from '../rules/read-policy.ts';
import { filterSource } from './filter-source.ts';
import { InputError } from './input-error.ts';
import { setsOfFlags, type SetFlags } from './sets.ts';

/** What `replay` runs: a filter or a policy. */
export interface ReplayedProgram {
  readonly source: ProgramSource;
  /** Of the link types met so far. */
  warnings(): readonly Diagnostic[];
  /** The packets that are written and printed: those that match, or that the policy would drop. */
  readonly wanted: 'match' | 'drop';
  readonly policy?: ReplayedPolicy;
}

export interface ReplayedPolicy {
  readonly hook: PolicyHook;
  /** By counter. */
  readonly rules: readonly { readonly name: string; readonly action: string }[];
  /** The rule that ended a packet, `default` or `malformed`. */
  ruleOf(batch: PacketBatch, index: number): string;
}

export interface ProgramFlags extends SetFlags {
  readonly F?: string;
  readonly O?: true;
  readonly refuseNever?: true;
  readonly policy?: string;
}

/** @throws InputError, DiagnosticError */
export async function programToReplay(words: readonly string[], flags: ProgramFlags): Promise<ReplayedProgram> {
  if (flags.policy === undefined) return filterToReplay(words, flags);
  if (words.length > 0 || flags.F !== undefined) {
    throw new InputError('a filter and --policy were both given; give one of them');
  }
  return policyToReplay(flags.policy);
}

/** The filter, compiled for whatever link types the captures have. */
async function filterToReplay(words: readonly string[], flags: ProgramFlags): Promise<ReplayedProgram> {
  const [{ compileFilter, filterGraph, unchanged }, { systemNames }, { optimize }] = await Promise.all([
    import('../pipeline.ts'),
    import('../names/system-names.ts'),
    import('../ir/optimize/index.ts'),
  ]);
  const source = filterSource(words, flags.F);
  const names = systemNames();
  const sets = await setsOfFlags(flags);
  const neverMatching = flags.refuseNever === true ? 'refuse' : 'warn';
  const warnings: Diagnostic[] = [];
  const programFor: ProgramSource['programFor'] = (linkType) => {
    const filter = compileFilter(source, { linkType, names, neverMatching }, sets);
    warnings.push(...filter.warnings);
    return { graph: filterGraph(filter, flags.O === true ? unchanged : optimize), counters: 0 };
  };
  return { source: { programFor }, warnings: () => warnings, wanted: 'match' };
}

async function policyToReplay(path: string): Promise<ReplayedProgram> {
  const [{ openPolicySource }, { programOfPolicy, remembering }, { createDecider }, { packetOfBatch }, rules] =
    await Promise.all([
      import('./policy-source.ts'),
      import('../verify/policy-program.ts'),
      import('../verify/decide.ts'),
      import('../replay/packet-of-batch.ts'),
      import('../rules/policy.ts'),
    ]);
  const policies = await openPolicySource();
  const { DiagnosticError } = await import('../compiler/diagnostic.ts');
  const warnings: Diagnostic[] = [];
  const policyFor = remembering((linkType) => {
    const { file: read, diagnostics } = policies.read(path, linkType);
    if (diagnostics.some(({ severity }) => severity === 'error')) throw new DiagnosticError(diagnostics);
    if (linkType === 'EN10MB') warnings.push(...diagnostics);
    return read;
  });
  const { policy, hook } = policyFor('EN10MB');
  const deciders = new Map<LinkType, ReturnType<typeof createDecider>>();
  return {
    source: programOfPolicy(policyFor),
    warnings: () => warnings,
    wanted: 'drop',
    policy: {
      hook,
      rules: rules.counterNames(policy).map((name, counter) => {
        const rule = policy.rules[counter];
        const action = rule?.action ?? policy.defaultAction;
        return { name, action: rule?.audit === true ? `audit ${action}` : action };
      }),
      ruleOf(batch, index) {
        const linkType = batch.linkType as LinkType;
        const decide = deciders.get(linkType) ?? createDecider(policyFor(linkType));
        deciders.set(linkType, decide);
        return decide(packetOfBatch(batch, index)).rule;
      },
    },
  };
}

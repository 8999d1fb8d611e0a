import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { Names } from '../compiler/names.ts';
import type { Source } from '../ir/span.ts';
import { tablesOf } from '../ir/table-contents.ts';
import type { XdpMode } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { tagRemarks } from './tag-view.ts';
import { tablesForSets } from './policy-tables.ts';
import { systemNames } from '../names/system-names.ts';
import { compileFilter, filterGraph, hookProgram, policyOfFilter, unchanged, type EbpfHook } from '../pipeline.ts';
import type { PolicySet } from '../rules/policy-set.ts';
import type { FilterAction } from '../rules/policy.ts';
import { ApplianceError } from './appliance-error.ts';
import { findInterface, linkTypeOf, netmaskOf } from './interface.ts';
import { install } from './install.ts';
import { refuseLockOut } from './lock-out.ts';
import { programAbilities, withPermission } from './permission.ts';

export interface AttachRequest {
  readonly interface: string;
  readonly filter: Source | string;
  /** Default `xdp`. */
  readonly hook?: EbpfHook;
  /** Default `count`, which drops nothing. */
  readonly action?: FilterAction;
  /** XDP only; without it native, else generic. */
  readonly mode?: XdpMode;
  /** Hold the program by a pinned bpf_link. */
  readonly link?: boolean;
  /** Take the place of another filter or program. */
  readonly replace?: boolean;
  /** Attach even what would cut the caller's SSH session. */
  readonly force?: boolean;
  readonly optimize?: boolean;
  /** Whether a filter that no packet can match is refused. */
  readonly neverMatching?: 'warn' | 'refuse';
  /** Sets that the filter names; at the hook they are live. */
  readonly sets?: ReadonlyMap<string, PolicySet>;
  /** Default: the system's files. */
  readonly names?: Names;
}

export interface Attached {
  readonly interface: string;
  readonly hook: EbpfHook;
  readonly mode?: XdpMode;
  readonly action: FilterAction;
  readonly programId: number;
  readonly link: boolean;
  /** Whether another program made room. */
  readonly replaced: boolean;
  readonly warnings: readonly Diagnostic[];
  /** What the user should know, a line each. */
  readonly remarks: readonly string[];
}

const neededCapabilities = ['CAP_BPF', 'CAP_NET_ADMIN'] as const;

/**
 * Puts a filter on an interface. Everything is compiled, loaded and filled first; then the kernel swaps in one step; a
 * failure at any point leaves what was there.
 * @throws DiagnosticError (the filter), ApplianceError, AttachError, SystemError
 */
export function attachFilter(kernel: Kernel, request: AttachRequest): Attached {
  const { hook = 'xdp', action = 'count' } = request;
  const link = findInterface(kernel, request.interface);
  requireModeOnXdp(hook, request.mode);
  const source = typeof request.filter === 'string' ? { name: 'filter', text: request.filter } : request.filter;
  const netmask = netmaskOf(kernel, link);
  const filter = compileFilter(
    source,
    {
      linkType: linkTypeOf(link),
      names: request.names ?? systemNames(),
      live: true,
      neverMatching: request.neverMatching ?? 'warn',
      ...(netmask === undefined ? {} : { netmask }),
    },
    request.sets,
  );
  const policy = policyOfFilter(filter, action);
  const tables = tablesForSets(filter.sets);
  if (action !== 'count' && request.force !== true) {
    refuseLockOut(kernel, link, hook, policy, tablesOf(tables.contents));
  }

  const aboutTags = tagRemarks(kernel, link, hook, filterGraph(filter, unchanged), request.force === true);
  const installed = withPermission(kernel, `attaching to ${link.name}`, neededCapabilities, () =>
    install(kernel, {
      link,
      hook,
      program: hookProgram(policy, {
        hook,
        counters: true,
        tables: tables.shapes,
        ...programAbilities(kernel, hook),
        ...(request.optimize === false ? { passes: unchanged } : {}),
      }),
      mode: request.mode,
      byLink: request.link === true,
      replace: request.replace === true,
      kind: 'filter',
      name: policy.name,
      text: source.text,
      actions: [...policy.rules.map((rule) => rule.action), policy.defaultAction, policy.defaultAction],
      tables,
    }),
  );
  return {
    interface: link.name,
    hook,
    ...(installed.mode === undefined ? {} : { mode: installed.mode }),
    action,
    programId: installed.programId,
    link: request.link === true,
    replaced: installed.replaced,
    warnings: filter.warnings,
    remarks: [...aboutTags, ...installed.remarks],
  };
}

function requireModeOnXdp(hook: EbpfHook, mode: XdpMode | undefined): void {
  if (hook === 'xdp' || mode === undefined) return;
  throw new ApplianceError('refused', 'input', `--mode ${mode} is for XDP, not for --hook ${hook}`, 'leave --mode out');
}

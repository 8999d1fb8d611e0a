import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { Link, XdpMode } from '../kernel/netlink/link.ts';
import { isAttachError } from '../kernel/attach-error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { openKernelClock } from '../loader/kernel-clock.ts';
import { hookProgram, type EbpfHook } from '../pipeline.ts';
import type { PolicyReading } from '../rules/read-policy.ts';
import { tablesOfSets } from '../rules/tables.ts';
import { ApplianceError } from './appliance-error.ts';
import { tidyReverted } from './confirm.ts';
import { createGuard, setDeadline } from './guard.ts';
import { prepareInstallation, type Installation, type Installed } from './install.ts';
import { leaveOthers } from './leave-others.ts';
import { withPoliciesHere } from './policies-here.ts';
import { interfacesOfPolicy, readPolicyFor, textOfPolicy, type PolicyRequest } from './policy-interfaces.ts';
import { refuseLockOut } from './lock-out.ts';
import { programAbilities, withPermission } from './permission.ts';
import { shareLiveTables, tablesForSets, type PolicyTables } from './policy-tables.ts';

export interface ApplyRequest extends PolicyRequest {
  /** Take the place of other filters, policies and programs. */
  readonly replace?: boolean;
  /** Apply even what would cut the caller's SSH session. */
  readonly force?: boolean;
  /** Go as far as the verifier and change nothing. */
  readonly dryRun?: boolean;
  /** Seconds after which what was there before runs again, unless `confirmPolicies` comes first. */
  readonly confirmWithin?: number;
}

export interface Applied {
  readonly policy: string;
  readonly hook: EbpfHook;
  readonly interfaces: readonly AppliedInterface[];
  /** Interfaces that the policy was on and no longer lists. */
  readonly left: readonly string[];
  readonly remarks: readonly string[];
  readonly warnings: readonly Diagnostic[];
}

export interface AppliedInterface {
  readonly interface: string;
  readonly mode?: XdpMode;
  /** Absent in a dry run. */
  readonly programId?: number;
  readonly replaced: boolean;
  readonly remarks: readonly string[];
}

interface Plan {
  readonly link: Link;
  readonly reading: PolicyReading;
  readonly installation: Installation;
}

/**
 * Enforces a policy on all its interfaces, or on none. Everything is read, checked, compiled, loaded and filled first;
 * then the interfaces are swapped one after another, each in one step; where one of them refuses, those before it go
 * back to what they had.
 * @throws DiagnosticError (the policy), UnreadableFile, ApplianceError, AttachError, SystemError
 */
export async function applyPolicy(kernel: Kernel, request: ApplyRequest): Promise<Applied> {
  if (request.dryRun !== true) tidyReverted(kernel);
  const plans = planInterfaces(kernel, request);
  const [first] = plans as [Plan, ...Plan[]];
  const { policy, hook } = first.reading.file;
  const places = plans.map(({ link }) => ({ interface: link.name, hook }));
  const confirmWithin =
    request.confirmWithin === undefined ? undefined : await timeLimit(kernel, request.confirmWithin);
  const applied = withPermission(kernel, `applying ${policy.name}`, ['CAP_BPF', 'CAP_NET_ADMIN'], () =>
    confirmWithin === undefined
      ? installAll(kernel, plans, request.dryRun === true)
      : installGuarded(kernel, plans, request.dryRun === true, confirmWithin),
  );
  // A policy that waits to be confirmed leaves them when it is.
  const stays = request.dryRun === true || confirmWithin !== undefined;
  return {
    policy: policy.name,
    hook,
    interfaces: applied,
    ...(stays ? { left: [], remarks: [] } : leaveBehind(kernel, policy.name, places)),
    warnings: first.reading.diagnostics,
  };
}

/** The policy is enforced by now: an interface that cannot be left is told of. */
function leaveBehind(
  kernel: Kernel,
  policy: string,
  kept: Parameters<typeof leaveOthers>[2],
): Pick<Applied, 'left' | 'remarks'> {
  try {
    return { left: leaveOthers(kernel, policy, kept), remarks: [] };
  } catch (error) {
    if (!isSystemError(error) && !isAttachError(error) && !(error instanceof ApplianceError)) throw error;
    return { left: [], remarks: [`interfaces that the policy no longer lists may still have it: ${error.message}`] };
  }
}

function planInterfaces(kernel: Kernel, request: ApplyRequest): readonly Plan[] {
  const { reading, chosen } = interfacesOfPolicy(kernel, request);
  const tables = tablesForSets(reading.file.sets);
  return chosen.map((link) => plan(kernel, request, link, readPolicyFor(kernel, request, link), tables));
}

function plan(kernel: Kernel, request: ApplyRequest, link: Link, reading: PolicyReading, tables: PolicyTables): Plan {
  const { policy, hook, mode, sets } = reading.file;
  if (request.force !== true) refuseLockOut(kernel, link, hook, policy, tablesOfSets(sets));
  return {
    link,
    reading,
    installation: {
      link,
      hook,
      program: hookProgram(policy, {
        hook,
        counters: true,
        tables: tables.shapes,
        ...programAbilities(kernel, hook),
      }),
      mode,
      byLink: false,
      replace: request.replace === true,
      kind: 'policy',
      name: policy.name,
      text: textOfPolicy(reading.file),
      actions: [...policy.rules.map((rule) => rule.action), policy.defaultAction, policy.defaultAction],
      tables,
    },
  };
}

/** How long from now on, in jiffies; and how to tell what time it is when everything is loaded. */
interface TimeLimit {
  readonly seconds: number;
  readonly jiffiesPerSecond: number;
}

async function timeLimit(kernel: Kernel, seconds: number): Promise<TimeLimit> {
  const clock = openKernelClock(kernel);
  try {
    return { seconds, jiffiesPerSecond: await clock.measureRate() };
  } finally {
    clock.close();
  }
}

/** All programs look at one deadline, so that all interfaces turn back together. */
function installGuarded(
  kernel: Kernel,
  plans: readonly Plan[],
  dryRun: boolean,
  { seconds, jiffiesPerSecond }: TimeLimit,
): readonly AppliedInterface[] {
  const guard = createGuard(kernel, jiffiesPerSecond);
  const clock = openKernelClock(kernel);
  try {
    const guardedPlans = plans.map((each) => ({ ...each, installation: { ...each.installation, guard } }));
    return installAll(kernel, guardedPlans, dryRun, () => {
      setDeadline(kernel, guard, clock.now() + BigInt(Math.ceil(seconds * jiffiesPerSecond)));
    });
  } finally {
    clock.close();
    kernel.close(guard.deadline);
  }
}

/** Dynamic sets go on with the elements that they have, on whichever interface the policy is now. */
function installAll(
  kernel: Kernel,
  plans: readonly Plan[],
  dryRun: boolean,
  beforeSwap?: () => void,
): readonly AppliedInterface[] {
  return withPoliciesHere(kernel, (present) => {
    const { name, tables } = (plans[0] as Plan).installation;
    for (const { found } of present) {
      const same = found.record?.kind === 'policy' && found.record.name === name;
      if (same && tables !== undefined) shareLiveTables(tables, found);
    }
    return installPrepared(kernel, plans, dryRun, beforeSwap);
  });
}

function installPrepared(
  kernel: Kernel,
  plans: readonly Plan[],
  dryRun: boolean,
  beforeSwap: () => void = () => {},
): readonly AppliedInterface[] {
  const prepared: ReturnType<typeof prepareInstallation>[] = [];
  try {
    for (const { installation } of plans) prepared.push(prepareInstallation(kernel, installation));
    if (dryRun) return plans.map(({ link }) => ({ interface: link.name, replaced: false, remarks: [] }));
    beforeSwap();
    swapAll(prepared);
    return prepared.map((each, index) => describe((plans[index] as Plan).link, each.settle()));
  } finally {
    for (const each of prepared) each.close();
  }
}

/** All or none: the ones that were swapped go back, the last first, where a later one refuses. */
function swapAll(prepared: readonly ReturnType<typeof prepareInstallation>[]): void {
  const swapped: (typeof prepared)[number][] = [];
  try {
    for (const each of prepared) {
      each.swap();
      swapped.push(each);
    }
  } catch (error) {
    undoAll(swapped.toReversed(), error);
    throw error;
  }
}

/** @throws ApplianceError where one cannot go back; the others have, all the same */
function undoAll(swapped: readonly ReturnType<typeof prepareInstallation>[], reason: unknown): void {
  const failures = swapped.flatMap((each) => {
    try {
      each.undo();
      return [];
    } catch (error) {
      return [messageOf(error)];
    }
  });
  if (failures.length === 0) return;
  throw new ApplianceError(
    'refused',
    'kernel',
    `${messageOf(reason)}; and not every interface could go back to what it had: ${failures.join('; ')}`,
    '`pktf status` tells what is attached where',
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function describe(link: Link, { programId, mode, replaced, remarks }: Installed): AppliedInterface {
  return { interface: link.name, ...(mode === undefined ? {} : { mode }), programId, replaced, remarks };
}

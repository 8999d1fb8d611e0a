import type { Kernel } from '../kernel/kernel.ts';
import type { EbpfHook } from '../pipeline.ts';
import { ApplianceError } from './appliance-error.ts';
import { detachFilter } from './detach.ts';
import { confirmationOf, liftDeadline, openFallback, type Confirmation } from './guard.ts';
import { leaveOthers } from './leave-others.ts';
import { withPermission } from './permission.ts';
import { withPoliciesHere, type Present } from './policies-here.ts';
import { bringBackPins, settleConfirmedPins } from './pins.ts';
import { swapProgram } from './swap.ts';

/** A policy on an interface that was applied with --confirm. */
export interface ConfirmedInterface {
  readonly interface: string;
  readonly hook: EbpfHook;
  readonly policy: string;
}

interface Waiting extends Present {
  readonly confirmation: Exclude<Confirmation, { kind: 'settled' }>;
}

/**
 * What was applied with --confirm stays: on each interface the program without the guard takes the place of the one
 * that looks at the clock, over the same maps. Where that is refused, `pktf confirm` once more completes it.
 * @throws ApplianceError where nothing waits, or the time is over
 */
export function confirmPolicies(kernel: Kernel): readonly ConfirmedInterface[] {
  return withWaiting(kernel, 'confirming', (waiting) => {
    if (waiting.length === 0) throw nothingWaits();
    const late = waiting.find(({ confirmation }) => confirmation.kind === 'reverted');
    if (late !== undefined) throw tooLate(late);
    const pinless = waiting.find(({ found }) => found.objects.plain === undefined);
    if (pinless !== undefined) throw noPin(pinless);
    // All of a change look at one deadline: from here on they stay, even if an exchange below is refused.
    for (const { found } of waiting) liftDeadline(kernel, found.objects.deadline as number);
    const confirmed = waiting.map((each) => {
      const { link, hook, found } = each;
      exchange(kernel, each, found.objects.plain as number);
      settleConfirmedPins(kernel, { ifindex: link.ifindex, hook });
      return describe(each);
    });
    for (const policy of new Set(confirmed.map((each) => each.policy))) {
      leaveOthers(
        kernel,
        policy,
        confirmed.filter((each) => each.policy === policy),
      );
    }
    return confirmed;
  });
}

/** The programs before take their places again, at once. @throws ApplianceError where nothing waits */
export function rollBackPolicies(kernel: Kernel): readonly ConfirmedInterface[] {
  return withWaiting(kernel, 'rolling back', (waiting) => {
    if (waiting.length === 0) throw nothingWaits();
    return waiting.map((each) => rollBack(kernel, each));
  });
}

/** Where the time ran out, the programs before run already; this puts them into their places and tidies up. */
export function tidyReverted(kernel: Kernel): readonly ConfirmedInterface[] {
  return withWaiting(kernel, 'tidying up', (waiting) =>
    waiting.filter(({ confirmation }) => confirmation.kind === 'reverted').map((each) => rollBack(kernel, each)),
  );
}

function rollBack(kernel: Kernel, waiting: Waiting): ConfirmedInterface {
  const { link, hook, found } = waiting;
  const old = found.objects.fallback === undefined ? undefined : openFallback(kernel, found.objects.fallback);
  if (old === undefined) {
    detachFilter(kernel, { interface: link.name, hook });
    return describe(waiting);
  }
  try {
    exchange(kernel, waiting, old);
    bringBackPins(kernel, { ifindex: link.ifindex, hook });
    return describe(waiting);
  } finally {
    kernel.close(old);
  }
}

function exchange(kernel: Kernel, { link, hook, found }: Waiting, program: number): void {
  swapProgram(kernel, { link, hook, mode: found.occupant.mode, byLink: false, program, predecessor: found });
}

/** Everything in this network namespace that was applied with --confirm and is not settled. */
function withWaiting<Result>(
  kernel: Kernel,
  what: string,
  action: (waiting: readonly Waiting[]) => readonly Result[],
): readonly Result[] {
  return withPoliciesHere(kernel, (present) =>
    withPermission(kernel, what, ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_SYS_ADMIN'], () =>
      action(present.flatMap((each) => waitingOf(kernel, each))),
    ),
  );
}

function waitingOf(kernel: Kernel, each: Present): readonly Waiting[] {
  const { objects, record } = each.found;
  const confirmation = record === undefined ? undefined : confirmationOf(kernel, objects, record);
  return confirmation === undefined || confirmation.kind === 'settled' ? [] : [{ ...each, confirmation }];
}

function describe({ link, hook, found }: Waiting): ConfirmedInterface {
  return { interface: link.name, hook, policy: found.record?.name ?? '' };
}

function nothingWaits(): ApplianceError {
  return new ApplianceError(
    'not-attached',
    'input',
    'no policy waits to be confirmed here',
    '`pktf status` tells what is attached; `pktf apply --confirm 30s` makes a policy wait',
  );
}

function tooLate({ link, found }: Waiting): ApplianceError {
  return new ApplianceError(
    'not-attached',
    'input',
    `the time to confirm ${found.record?.name ?? 'the policy'} is over; on ${link.name} what was there before runs again`,
    'apply it again with a longer --confirm',
  );
}

function noPin({ link }: Waiting): ApplianceError {
  return new ApplianceError(
    'no-bpffs',
    'kernel',
    `the program to confirm on ${link.name} has lost its pin`,
    'apply the policy again, without --confirm',
  );
}

import { links, type Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { EbpfHook } from '../pipeline.ts';
import { ApplianceError } from './appliance-error.ts';
import { detachFilter } from './detach.ts';
import { confirmationOf, openFallback, type Confirmation } from './guard.ts';
import { leaveOthers } from './leave-others.ts';
import { hooks } from './occupant.ts';
import { withPermission } from './permission.ts';
import { bringBackPins, settleConfirmedPins } from './pins.ts';
import { findPredecessor, type Predecessor } from './predecessor.ts';
import { swapProgram } from './swap.ts';

/** A policy on an interface that was applied with --confirm. */
export interface ConfirmedInterface {
  readonly interface: string;
  readonly hook: EbpfHook;
  readonly policy: string;
}

interface Waiting {
  readonly link: Link;
  readonly hook: EbpfHook;
  readonly found: Predecessor;
  readonly confirmation: Exclude<Confirmation, { kind: 'settled' }>;
}

/**
 * What was applied with --confirm stays: on each interface the program without the guard takes the place of the one
 * that looks at the clock, over the same maps.
 * @throws ApplianceError where nothing waits, or the time is over
 */
export function confirmPolicies(kernel: Kernel): readonly ConfirmedInterface[] {
  return withWaiting(kernel, 'confirming', (waiting) => {
    if (waiting.length === 0) throw nothingWaits();
    const late = waiting.find(({ confirmation }) => confirmation.kind === 'reverted');
    if (late !== undefined) throw tooLate(late);
    const confirmed = waiting.map((each) => {
      const { link, hook, found } = each;
      if (found.objects.plain === undefined) throw noPin(each);
      exchange(kernel, each, found.objects.plain);
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
  const found = links(kernel).flatMap((link) =>
    hooks.flatMap((hook) => {
      const predecessor = findPredecessor(kernel, { ifindex: link.ifindex, hook });
      return predecessor === undefined ? [] : [{ link, hook, found: predecessor }];
    }),
  );
  try {
    return withPermission(kernel, what, ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_SYS_ADMIN'], () =>
      action(found.flatMap((each) => waitingOf(kernel, each))),
    );
  } finally {
    for (const each of found) each.found.objects.close();
  }
}

function waitingOf(kernel: Kernel, each: Omit<Waiting, 'confirmation'>): readonly Waiting[] {
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

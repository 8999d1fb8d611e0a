import { links, type Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import type { EbpfHook } from '../pipeline.ts';
import { hooks } from './occupant.ts';
import { findPredecessor, type Predecessor } from './predecessor.ts';

/** Something that is attached in this network namespace. */
export interface Present {
  readonly link: Link;
  readonly hook: EbpfHook;
  readonly found: Predecessor;
}

/**
 * Opens everything that is attached in this network namespace, for the time of an action. What may not be opened is left
 * out: without CAP_SYS_ADMIN that is what has no pins, other tools' programs above all.
 */
export function withPoliciesHere<Result>(kernel: Kernel, action: (present: readonly Present[]) => Result): Result {
  const present: Present[] = [];
  try {
    for (const link of links(kernel)) {
      for (const hook of hooks) {
        const found = findPermitted(kernel, link, hook);
        if (found !== undefined) present.push({ link, hook, found });
      }
    }
    return action(present);
  } finally {
    for (const { found } of present) found.objects.close();
  }
}

function findPermitted(kernel: Kernel, { ifindex }: Link, hook: EbpfHook): Predecessor | undefined {
  try {
    return findPredecessor(kernel, { ifindex, hook });
  } catch (error) {
    if (isSystemError(error, 'EPERM')) return undefined;
    throw error;
  }
}

import type { Kernel } from '../kernel/kernel.ts';
import type { EbpfHook } from '../pipeline.ts';
import { detachFilter } from './detach.ts';
import { readStatus } from './status.ts';

/**
 * Takes a policy off the interfaces, and the hooks, that it does not name any more.
 * @param kept where it stays
 * @returns the interfaces that it left
 */
export function leaveOthers(
  kernel: Kernel,
  policy: string,
  kept: readonly { readonly interface: string; readonly hook: EbpfHook }[],
): readonly string[] {
  const stays = new Set(kept.map((place) => `${place.interface} ${place.hook}`));
  const others = readStatus(kernel).filter(
    (status) => status.policy === policy && !stays.has(`${status.interface} ${status.hook}`),
  );
  for (const status of others) detachFilter(kernel, { interface: status.interface, hook: status.hook });
  return others.map((status) => status.interface);
}

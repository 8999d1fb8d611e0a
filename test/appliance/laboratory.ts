import { writeFileSync } from 'node:fs';
import { ApplianceError } from '../../src/appliance/appliance-error.ts';
import { detachFilter } from '../../src/appliance/detach.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { links } from '../../src/kernel/netlink/link.ts';
import { withNamespaces, type Namespace, type Namespaces } from '../support/netns.ts';

/** Namespaces in which pktf attaches things: what a test leaves attached is detached, so that no pin outlives them. */
export async function withLaboratory<Result>(
  kernel: Kernel,
  action: (namespaces: Namespaces) => Result | Promise<Result>,
): Promise<Result> {
  return withNamespaces(kernel, async (namespaces) => {
    try {
      return await action(namespaces);
    } finally {
      for (const namespace of [namespaces.a, namespaces.b]) detachAll(kernel, namespace);
    }
  });
}

/** Where nothing is attached, detaching still removes pins that are left. */
function detachAll(kernel: Kernel, namespace: Namespace): void {
  namespace.inside(() => {
    for (const { name } of links(kernel)) {
      try {
        detachFilter(kernel, { interface: name });
      } catch (error) {
        if (!(error instanceof ApplianceError)) throw error;
      }
    }
  });
}

/** Stops what the kernel says of its own accord on the interfaces (multicast reports of IPv6), so that counts are exact. */
export function silence({ a, b }: Namespaces): void {
  for (const end of [a, b]) {
    end.inside(() => writeFileSync(`/proc/sys/net/ipv6/conf/${end.interface}/disable_ipv6`, '1'));
  }
}

import { topologicalOrder, type Graph } from '../ir/graph.ts';
import type { Test } from '../ir/test.ts';
import type { Feature } from '../kernel/features.ts';
import { links, type Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { EbpfHook } from '../pipeline.ts';
import { inspectTags } from '../xdp/inspect-tags.ts';
import { ApplianceError } from './appliance-error.ts';

/**
 * XDP sees VLAN tags only where they are in the bytes. A filter that asks about tags on an interface that hides them
 * would answer wrong, so it is refused; others are told.
 * @returns what the user should know, a line each
 * @throws ApplianceError `hidden-tags`, without `force`
 */
export function tagRemarks(
  kernel: Kernel,
  link: Link,
  hook: EbpfHook,
  filter: Graph,
  force: boolean,
): readonly string[] {
  if (hook !== 'xdp') return [];
  const view = inspectTags(kernel, link.ifindex);
  const asks = asksAboutTags(filter);
  if (view.kind === 'in-bytes' || (view.kind === 'unknown' && !asks)) return [];
  if (view.kind === 'unknown') return [`${view.reason}: if it hides VLAN tags from XDP, this mends it ${view.remedy}`];
  if (!asks || force) return [`${view.reason}; this puts them into the bytes: ${view.remedy}`];
  throw new ApplianceError(
    'hidden-tags',
    'kernel',
    `the filter asks about VLAN tags, and ${view.reason}`,
    `put them into the bytes with \`${view.remedy}\`, use --hook tc, or add --force`,
  );
}

/** Interfaces on which XDP does not see VLAN tags, as features that are missing. */
export function hiddenTags(kernel: Kernel): readonly Feature[] {
  return links(kernel).flatMap((link) => {
    const view = inspectTags(kernel, link.ifindex);
    if (view.kind !== 'hidden') return [];
    return [{ name: `vlan ${link.name}`, available: false, detail: view.reason, remedy: view.remedy }];
  });
}

const tagTypes: readonly number[] = [0x8100, 0x88a8, 0x9100];
const typeOffset = 12;

function asksAboutTags({ linkType, entry }: Graph): boolean {
  if (linkType !== 'EN10MB') return false;
  return topologicalOrder(entry).some((node) => node.kind === 'test' && comparesTagType(node.test));
}

function comparesTagType(test: Test): boolean {
  if (test.kind !== 'compare' || test.right.kind !== 'constant' || !tagTypes.includes(test.right.value)) return false;
  return test.left.kind === 'load' && test.left.offset.kind === 'constant' && test.left.offset.value === typeOffset;
}

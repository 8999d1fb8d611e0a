import type { Kernel } from '../kernel/kernel.ts';
import { activeFeatures } from '../kernel/netlink/ethtool.ts';
import { linkByIndex } from '../kernel/netlink/link.ts';
import type { Link } from '../kernel/netlink/link.ts';

/**
 * Whether an XDP program on an interface finds VLAN tags in the bytes. A tag that a card took out, or that the other
 * end of a veth pair never put in, is in metadata, which XDP cannot see.
 */
export type TagView =
  | { readonly kind: 'in-bytes' }
  /** `remedy` is the command that mends it. */
  | { readonly kind: 'hidden'; readonly reason: string; readonly remedy: string }
  | { readonly kind: 'unknown'; readonly reason: string; readonly remedy: string };

/** What `ethtool -K` calls the features that matter. */
const receiving = { 'rx-vlan-hw-parse': 'rxvlan', 'rx-vlan-stag-hw-parse': 'rx-vlan-stag-hw-parse' };
const sending = { 'tx-vlan-hw-insert': 'txvlan', 'tx-vlan-stag-hw-insert': 'tx-vlan-stag-hw-insert' };

export function inspectTags(kernel: Kernel, ifindex: number): TagView {
  const link = linkByIndex(kernel, ifindex);
  if (link === undefined) return { kind: 'in-bytes' };
  return link.kind === 'veth' ? behindVeth(kernel, link) : behindCard(kernel, link);
}

/** A card takes tags out of what it receives. */
function behindCard(kernel: Kernel, link: Link): TagView {
  const switches = switchesOn(kernel, link.ifindex, receiving);
  if (switches.length === 0) return { kind: 'in-bytes' };
  return {
    kind: 'hidden',
    reason: `${link.name} takes VLAN tags out of the frames before XDP sees them`,
    remedy: switchOff(link.name, switches),
  };
}

/** A veth takes over frames as the other end's stack made them: with a tag in metadata if that end "inserts" tags. */
function behindVeth(kernel: Kernel, link: Link): TagView {
  if (link.lowerElsewhere || link.lowerIfindex === undefined)
    return {
      kind: 'unknown',
      reason: `the other end of ${link.name} is in another network namespace`,
      remedy: `there: ${switchOff('the other end', Object.values(sending))}`,
    };
  const switches = switchesOn(kernel, link.lowerIfindex, sending);
  if (switches.length === 0) return { kind: 'in-bytes' };
  const peer = linkByIndex(kernel, link.lowerIfindex)?.name ?? `interface ${link.lowerIfindex}`;
  return {
    kind: 'hidden',
    reason: `${peer}, the other end of ${link.name}, leaves VLAN tags out of the frames`,
    remedy: switchOff(peer, switches),
  };
}

/** ethtool's names of those features that are on. */
function switchesOn(kernel: Kernel, ifindex: number, names: Readonly<Record<string, string>>): readonly string[] {
  const active = activeFeatures(kernel, ifindex) ?? new Set<string>();
  return Object.entries(names).flatMap(([feature, name]) => (active.has(feature) ? [name] : []));
}

function switchOff(device: string, switches: readonly string[]): string {
  return `ethtool -K ${device} ${switches.map((name) => `${name} off`).join(' ')}`;
}

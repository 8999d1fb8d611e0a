import type { Link, VlanTag } from '../kernel/netlink/link.ts';

/**
 * The tags, outermost first, that frames of a session carry on an interface: none on the interface that has the
 * session's address; below a VLAN interface its tag, on the members of a bridge or bond what the bridge or bond has.
 * @param all the links of the network namespace
 * @returns undefined where the frames do not come by that interface
 */
export function tagsBelow(all: readonly Link[], from: number, ifindex: number): readonly VlanTag[] | undefined {
  const byIndex = new Map(all.map((link) => [link.ifindex, link]));
  const seen = new Set<number>();
  const search = (at: number, tags: readonly VlanTag[]): readonly VlanTag[] | undefined => {
    if (at === ifindex) return tags;
    const link = byIndex.get(at);
    if (link === undefined || seen.has(at)) return undefined;
    seen.add(at);
    const below = link.vlan === undefined ? tags : [link.vlan, ...tags];
    for (const next of [...lowerOf(link), ...membersOf(all, link)]) {
      const found = search(next, below);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(from, []);
}

/** What a virtual interface stands on; a veth's other end is no floor but a neighbour. */
function lowerOf({ kind, lowerIfindex, lowerElsewhere }: Link): readonly number[] {
  return lowerIfindex === undefined || lowerElsewhere || kind === 'veth' ? [] : [lowerIfindex];
}

function membersOf(all: readonly Link[], master: Link): readonly number[] {
  return all.filter(({ masterIfindex }) => masterIfindex === master.ifindex).map(({ ifindex }) => ifindex);
}

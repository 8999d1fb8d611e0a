import type { LinkHold } from '../kernel/bpf/find-link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { XdpMode } from '../kernel/netlink/link.ts';
import type { EbpfHook } from '../pipeline.ts';
import { findOurFilter } from '../tc/attach-filter.ts';
import { inspectTc } from '../tc/inspect.ts';
import { inspectXdp } from '../xdp/inspect.ts';
import { pinDirectories, pinnedProgramId, type PinPlace } from './pins.ts';

/** The program that has the place that pktf would take: any at XDP, ours at TC, where others stand beside it. */
export interface Occupant {
  readonly programId: number;
  /** XDP only. */
  readonly mode: XdpMode | undefined;
  readonly heldBy: LinkHold;
}

export const hooks: readonly EbpfHook[] = ['xdp', 'tc', 'tc-egress'];

export function directionOf(hook: Exclude<EbpfHook, 'xdp'>): 'ingress' | 'egress' {
  return hook === 'tc' ? 'ingress' : 'egress';
}

export function findOccupant(kernel: Kernel, place: PinPlace): Occupant | undefined {
  return place.hook === 'xdp' ? inspectXdp(kernel, place.ifindex)[0] : findAtTc(kernel, place, directionOf(place.hook));
}

/** Our filter, or the tcx program that is pinned as ours: a link of ours without a pin would not have lived. */
function findAtTc(kernel: Kernel, place: PinPlace, direction: 'ingress' | 'egress'): Occupant | undefined {
  const { filters, tcx = [] } = inspectTc(kernel, place.ifindex, direction);
  const filter = findOurFilter(filters);
  if (filter?.programId !== undefined) {
    return { programId: filter.programId, mode: undefined, heldBy: { kind: 'no-link' } };
  }
  const pinned = pinDirectories(kernel, place).map((directory) => pinnedProgramId(kernel, directory));
  const ours = tcx.find(({ programId }) => pinned.includes(programId));
  return ours && { programId: ours.programId, mode: undefined, heldBy: { kind: 'link', linkId: ours.linkId } };
}

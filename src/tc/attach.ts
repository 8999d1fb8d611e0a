import { noInterface } from '../kernel/attach-error.ts';
import { createLink } from '../kernel/bpf/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { addBpfFilter, deleteBpfFilter, filters, replaceBpfFilter } from '../kernel/netlink/filter.ts';
import type { Filter } from '../kernel/netlink/filter.ts';
import { linkByIndex } from '../kernel/netlink/link.ts';
import { addClsact, deleteClsact, filterQdisc } from '../kernel/netlink/qdisc.ts';
import { replaceBehindLink } from '../kernel/replace-behind-link.ts';
import { changed, noEgressSide, nothingAttached, tcError } from './attach-error.ts';
import type { TcAttempt, TcPlace } from './attach-error.ts';
import { filterName, findOurFilter, madeClsact, ourHandle, ourPriority } from './attach-filter.ts';

export interface TcAttachment extends TcPlace {
  readonly programDescriptor: number;
}

/**
 * Attaches a program as a direct-action filter, with the `clsact` qdisc under it, as `tc filter add` does, so that
 * `tc filter show` shows it and `tc filter del` takes it off.
 * @throws AttachError `occupied` when one of ours is there; nothing is left behind by a failure
 */
export function attachTc(kernel: Kernel, attachment: TcAttachment): void {
  const { ifindex, direction } = attachment;
  withWords(kernel, attachment, () => {
    const made = makeRoomForFilters(kernel, attachment);
    try {
      const name = filterName(made || ourClsact(kernel, ifindex));
      addBpfFilter(kernel, ourPlace({ ifindex, direction }), attachment.programDescriptor, name);
    } catch (error) {
      if (made) deleteClsactIfEmpty(kernel, ifindex);
      throw error;
    }
  });
}

/**
 * Puts another program into our filter in one step. The kernel compares nothing here, so the id is looked at just
 * before.
 * @param expectedProgramId the program that must be there now
 * @throws AttachError `changed` when another one is there, `nothing-attached` when none is
 */
export function replaceTc(kernel: Kernel, attachment: TcAttachment, expectedProgramId: number): void {
  withWords(kernel, attachment, () => {
    const filter = expectOurFilter(kernel, attachment, expectedProgramId);
    replaceBpfFilter(kernel, filter, attachment.programDescriptor, filter.name ?? filterName(false));
  });
}

/**
 * Takes our filter off, and the qdisc with it if we made it and no filter is left on it. (A filter that somebody adds
 * between that look and the removal goes with the qdisc: the kernel has no removal on condition.)
 * @throws AttachError `changed`, `nothing-attached`
 */
export function detachTc(kernel: Kernel, place: TcPlace, expectedProgramId: number): void {
  withWords(kernel, place, () => {
    const filter = expectOurFilter(kernel, place, expectedProgramId);
    deleteBpfFilter(kernel, filter);
    if (madeClsact(filter)) deleteClsactIfEmpty(kernel, place.ifindex);
  });
}

/**
 * Attaches a program by a tcx link (Linux 6.6), after those already there; no qdisc is needed.
 * @returns a descriptor of the link: pin it, or the program comes off when it is closed
 * @throws AttachError
 */
export function attachTcxLink(kernel: Kernel, attachment: TcAttachment): number {
  return withWords(kernel, attachment, () => createLink(kernel, `tcx-${attachment.direction}`, attachment));
}

/**
 * Puts another program behind a link in one step.
 * @param oldProgram a descriptor of the program that must be there now
 * @throws AttachError `changed` when another one is there, `no-interface` when the interface has gone
 */
export function updateTcxLink(kernel: Kernel, link: number, newProgram: number, oldProgram: number): void {
  replaceBehindLink(kernel, link, newProgram, oldProgram);
}

/** @returns whether the qdisc was made for this */
function makeRoomForFilters(kernel: Kernel, place: TcPlace): boolean {
  const { ifindex, direction } = place;
  const present = filterQdisc(kernel, ifindex);
  if (present === undefined) return addClsact(kernel, ifindex);
  if (present.kind !== 'clsact' && direction === 'egress') throw noEgressSide(nameOf(kernel, ifindex));
  return false;
}

/** Whether a filter of ours, of either direction, remembers that we made the qdisc. */
function ourClsact(kernel: Kernel, ifindex: number): boolean {
  return (['ingress', 'egress'] as const).some((direction) => {
    const filter = findOurFilter(filters(kernel, ifindex, direction));
    return filter !== undefined && madeClsact(filter);
  });
}

function deleteClsactIfEmpty(kernel: Kernel, ifindex: number): void {
  const left = [...filters(kernel, ifindex, 'ingress'), ...filters(kernel, ifindex, 'egress')];
  if (left.length === 0) deleteClsact(kernel, ifindex);
}

function expectOurFilter(kernel: Kernel, place: TcPlace, expectedProgramId: number): Filter {
  const filter = findOurFilter(filters(kernel, place.ifindex, place.direction));
  if (filter === undefined) throw nothingAttached(nameOf(kernel, place.ifindex), place.direction);
  if (filter.programId !== expectedProgramId) throw changed(nameOf(kernel, place.ifindex), place.direction);
  return filter;
}

function ourPlace({ ifindex, direction }: TcPlace) {
  return { ifindex, direction, priority: ourPriority, handle: ourHandle };
}

function nameOf(kernel: Kernel, ifindex: number): string {
  const link = linkByIndex(kernel, ifindex);
  if (link === undefined) throw noInterface(`interface ${ifindex}`);
  return link.name;
}

function withWords<Result>(kernel: Kernel, place: TcAttempt, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw tcError(kernel, error, place);
  }
}

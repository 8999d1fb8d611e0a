import type { Filter } from '../kernel/netlink/filter.ts';

/**
 * Where our filter stands: before filters that get their priority from the kernel (49152 and down), after those that
 * an administrator put in front on purpose. A packet that we pass goes on to the next filter.
 */
export const ourPriority = 10;

/** `pktf` in ASCII. With the priority it makes our place unique on each side of an interface. */
export const ourHandle = 0x706b7466;

const plainName = 'pktf';
/** The name remembers that the qdisc is ours to remove: the kernel keeps no note of who made it. */
const nameWithClsact = 'pktf+clsact';

/** @param madeQdisc whether pktf made the `clsact` qdisc */
export function filterName(madeQdisc: boolean): string {
  return madeQdisc ? nameWithClsact : plainName;
}

/** Whether a filter of ours remembers that pktf made the `clsact` qdisc. */
export function madeClsact(filter: Filter): boolean {
  return filter.name === nameWithClsact;
}

/** Whether pktf put a filter there: by its handle, for the priority may be another's, and by its name. */
export function isOurs(filter: Filter): boolean {
  return (
    filter.kind === 'bpf' &&
    filter.handle === ourHandle &&
    (filter.name === plainName || filter.name === nameWithClsact)
  );
}

export function findOurFilter(filters: readonly Filter[]): Filter | undefined {
  return filters.find((filter) => isOurs(filter) && filter.priority === ourPriority);
}

import { queryTcx } from '../kernel/bpf/link.ts';
import type { TcxProgram } from '../kernel/bpf/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { filters } from '../kernel/netlink/filter.ts';
import type { Filter, TcDirection } from '../kernel/netlink/filter.ts';
import { filterQdisc } from '../kernel/netlink/qdisc.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { isOurs } from './attach-filter.ts';

/** What is attached to one side of an interface. */
export interface TcState {
  /** `clsact`, `ingress`, or none: without it there are no filters. */
  readonly qdisc: string | undefined;
  /** In the order they run. */
  readonly filters: readonly TcFilterState[];
  /** Programs at the tcx hook, which run before all filters; undefined where the kernel does not say. */
  readonly tcx: readonly TcxProgram[] | undefined;
}

export interface TcFilterState extends Filter {
  /** Whether pktf put it there. */
  readonly ours: boolean;
}

/** What is attached to a side of an interface; nothing where there is no such interface. */
export function inspectTc(kernel: Kernel, ifindex: number, direction: TcDirection): TcState {
  return {
    qdisc: filterQdisc(kernel, ifindex)?.kind,
    filters: filters(kernel, ifindex, direction).map((filter) => ({ ...filter, ours: isOurs(filter) })),
    tcx: tcxPrograms(kernel, ifindex, direction),
  };
}

function tcxPrograms(kernel: Kernel, ifindex: number, direction: TcDirection): readonly TcxProgram[] | undefined {
  try {
    return queryTcx(kernel, ifindex, `tcx-${direction}`);
  } catch (error) {
    if (isSystemError(error, 'ENODEV')) return [];
    // EPERM: CAP_NET_ADMIN is missing; EINVAL: the kernel is older than 6.6.
    if (isSystemError(error, 'EPERM') || isSystemError(error, 'EINVAL')) return undefined;
    throw error;
  }
}

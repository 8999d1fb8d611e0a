import type { Kernel } from '../kernel/kernel.ts';
import type { XdpMode } from '../kernel/netlink/link.ts';
import type { EbpfHook } from '../pipeline.ts';
import { ApplianceError } from './appliance-error.ts';
import { openAttached } from './attached-objects.ts';
import { totals, type CounterLine } from './counter-lines.ts';
import { addCounts, negated, readBase, writeBase } from './counter-map.ts';
import { findInterface } from './interface.ts';
import { readStatus, type Status } from './status.ts';

export interface CounterReport {
  readonly interface: string;
  readonly hook: EbpfHook;
  readonly mode?: XdpMode;
  readonly rules: readonly CounterLine[];
}

/**
 * The counters of all that pktf has attached, or of one interface.
 * @throws ApplianceError where the interface does not exist, or may not be looked at
 */
export function readCounterReports(kernel: Kernel, interfaceName?: string): readonly CounterReport[] {
  return ownStatuses(kernel, interfaceName).map(reportOf);
}

/** Reads the counters and has them count from zero: what was counted until now becomes a negative base. */
export function resetCounters(kernel: Kernel, interfaceName?: string): readonly CounterReport[] {
  return ownStatuses(kernel, interfaceName).map((status) => {
    const { ifindex } = findInterface(kernel, status.interface);
    const objects = openAttached(kernel, { ifindex, hook: status.hook }, status.programId);
    try {
      if (objects?.counters === undefined || objects.base === undefined) return reportOf(status);
      const before = totals(kernel, objects.counters, objects.base);
      const bases = readBase(kernel, objects.base);
      writeBase(
        kernel,
        objects.base,
        before.map((count, index) => addCounts(negated(count), bases[index])),
      );
      return {
        ...reportOf(status),
        rules: status.rules.map((line, index) => ({ ...line, ...before[index] })),
      };
    } finally {
      objects?.close();
    }
  });
}

function ownStatuses(kernel: Kernel, interfaceName: string | undefined): readonly Status[] {
  const statuses = readStatus(kernel, interfaceName);
  const hidden = statuses.find((status) => status.owner === 'unknown');
  if (hidden !== undefined) {
    throw new ApplianceError(
      'missing-capability',
      'kernel',
      `${hidden.interface}: the program at ${hidden.hook} cannot be looked at`,
      'without pins in /sys/fs/bpf/pktf this needs CAP_SYS_ADMIN: run as root',
    );
  }
  return statuses.filter((status) => status.owner === 'pktf');
}

function reportOf({ interface: name, hook, mode, rules }: Status): CounterReport {
  return { interface: name, hook, ...(mode === undefined ? {} : { mode }), rules };
}

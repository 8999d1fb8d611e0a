import type { Kernel } from '../kernel/kernel.ts';
import type { RuleAction } from '../rules/policy.ts';
import type { AttachedObjects } from './attached-objects.ts';
import { addCounts, readBase, readCounters, type Count } from './counter-map.ts';
import type { AttachmentRecord } from './record.ts';

/** Packets and bytes of one rule, of `default` or of `malformed`. */
export interface CounterLine extends Count {
  readonly name: string;
  readonly action: RuleAction;
}

/** The counters of a program: what it counted itself and its base. */
export function readCounterLines(
  kernel: Kernel,
  objects: Pick<AttachedObjects, 'counters' | 'base'>,
  record: AttachmentRecord,
): readonly CounterLine[] {
  if (objects.counters === undefined) return [];
  const counts = totals(kernel, objects.counters, objects.base);
  return record.counters.flatMap(({ name, action }, index) => {
    const count = counts[index];
    return count === undefined ? [] : [{ name, action, ...count }];
  });
}

/** What a program counted, and what it has to add to it. */
export function totals(kernel: Kernel, counters: number, base: number | undefined): readonly Count[] {
  const bases = base === undefined ? [] : readBase(kernel, base);
  return readCounters(kernel, counters).map((count, index) => addCounts(count, bases[index]));
}

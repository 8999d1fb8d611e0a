import { programInfo } from '../kernel/bpf/info.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ApplianceError } from './appliance-error.ts';
import { openAttached, type AttachedObjects } from './attached-objects.ts';
import { findOccupant, type Occupant } from './occupant.ts';
import type { PinPlace } from './pins.ts';
import { readRecord, type AttachmentRecord } from './record.ts';

/** The program that a new one is to replace, held open while that happens. */
export interface Predecessor {
  readonly occupant: Occupant;
  readonly objects: AttachedObjects;
  /** Undefined for a program that is not ours. */
  readonly record: AttachmentRecord | undefined;
}

/** @returns undefined where the place is free; the caller closes what it gets */
export function findPredecessor(kernel: Kernel, place: PinPlace): Predecessor | undefined {
  const occupant = findOccupant(kernel, place);
  if (occupant === undefined) return undefined;
  const objects = openAttached(kernel, place, occupant.programId);
  if (objects === undefined) return undefined;
  try {
    const record = objects.record === undefined ? undefined : readRecord(kernel, objects.record);
    return { occupant, objects, record };
  } catch (error) {
    objects.close();
    throw error;
  }
}

/** Whether two attachments are the same filter or policy: then one replaces the other without being told to. */
export function isSame(first: AttachmentRecord, second: AttachmentRecord): boolean {
  if (first.kind !== second.kind || first.name !== second.name) return false;
  return first.kind === 'policy' || (first.text === second.text && sameActions(first, second));
}

function sameActions(first: AttachmentRecord, second: AttachmentRecord): boolean {
  return JSON.stringify(first.counters) === JSON.stringify(second.counters);
}

/**
 * Nobody's program is replaced silently.
 * @throws ApplianceError unless the predecessor may be replaced
 */
export function refuseSilentReplacement(
  kernel: Kernel,
  interfaceName: string,
  predecessor: Predecessor,
  successor: AttachmentRecord,
  replace: boolean,
): void {
  const { record, objects, occupant } = predecessor;
  if (replace || (record !== undefined && isSame(record, successor))) return;
  const what =
    record === undefined
      ? `the program ${JSON.stringify(programInfo(kernel, objects.program).name)} (id ${occupant.programId}), which is not pktf's`
      : `the ${record.kind} ${JSON.stringify(record.kind === 'filter' ? record.text : record.name)}`;
  throw new ApplianceError(
    'occupied',
    'kernel',
    `${interfaceName} already has ${what} at ${successor.hook}`,
    'look at it with `pktf status`; --replace takes its place',
  );
}

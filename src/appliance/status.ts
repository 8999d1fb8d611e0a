import { programInfo } from '../kernel/bpf/info.ts';
import { links, type Link, type XdpMode } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import type { EbpfHook } from '../pipeline.ts';
import type { RuleAction } from '../rules/policy.ts';
import { openAttached, type AttachedObjects } from './attached-objects.ts';
import { readCounterLines, type CounterLine } from './counter-lines.ts';
import { confirmationOf, type Confirmation } from './guard.ts';
import { findInterface } from './interface.ts';
import { findOccupant, hooks, type Occupant } from './occupant.ts';
import { readRecord, type AttachmentRecord } from './record.ts';

/** What is attached at one hook of one interface. */
export interface Status {
  readonly interface: string;
  readonly hook: EbpfHook;
  readonly mode?: XdpMode;
  readonly programId: number;
  /** `unknown`: there are no pins, and looking programs up by id wants CAP_SYS_ADMIN. */
  readonly owner: 'pktf' | 'foreign' | 'unknown';
  readonly held: 'link' | 'netlink' | 'unknown';
  /** The program's name in the kernel. */
  readonly name: string;
  /** The filter's text, for a filter of ours. */
  readonly filter?: string;
  /** The policy's name, for a policy. */
  readonly policy?: string;
  readonly action?: RuleAction;
  /** Of a policy that was applied with --confirm and is not settled. */
  readonly confirmation?: Exclude<Confirmation, { kind: 'settled' }>;
  /** When it was attached, ISO 8601. */
  readonly since?: string;
  readonly rules: readonly CounterLine[];
}

/** @param interfaceName all interfaces without it @throws ApplianceError where there is no such interface */
export function readStatus(kernel: Kernel, interfaceName?: string): readonly Status[] {
  const wanted = interfaceName === undefined ? links(kernel) : [findInterface(kernel, interfaceName)];
  return wanted.flatMap((link) => hooks.flatMap((hook) => statusAt(kernel, link, hook) ?? []));
}

function statusAt(kernel: Kernel, link: Link, hook: EbpfHook): Status | undefined {
  const occupant = findOccupant(kernel, { ifindex: link.ifindex, hook });
  if (occupant === undefined) return undefined;
  const common = describePlace(link, hook, occupant);
  const objects = openPermitted(kernel, link.ifindex, hook, occupant.programId);
  if (objects === 'not-permitted') return { ...common, owner: 'unknown', name: '', rules: [] };
  if (objects === undefined) return undefined;
  try {
    const record = objects.record === undefined ? undefined : readRecord(kernel, objects.record);
    const name = programInfo(kernel, objects.program).name;
    if (record === undefined) return { ...common, owner: 'foreign', name, rules: [] };
    return {
      ...common,
      owner: 'pktf',
      name,
      ...describeRecord(record),
      ...describeConfirmation(kernel, objects, record),
      rules: readCounterLines(kernel, objects, record),
    };
  } finally {
    objects.close();
  }
}

function describePlace(link: Link, hook: EbpfHook, { programId, mode, heldBy }: Occupant) {
  const held = ({ link: 'link', 'no-link': 'netlink', unknown: 'unknown' } as const)[heldBy.kind];
  return { interface: link.name, hook, ...(mode === undefined ? {} : { mode }), programId, held };
}

function describeRecord({ kind, name, text, since, counters }: AttachmentRecord) {
  if (kind === 'policy') return { policy: name, since };
  const action = counters[0]?.action;
  return { filter: text, since, ...(action === undefined ? {} : { action }) };
}

function describeConfirmation(kernel: Kernel, objects: AttachedObjects, record: AttachmentRecord) {
  const confirmation = confirmationOf(kernel, objects, record);
  return confirmation.kind === 'settled' ? {} : { confirmation };
}

function openPermitted(
  kernel: Kernel,
  ifindex: number,
  hook: EbpfHook,
  programId: number,
): AttachedObjects | undefined | 'not-permitted' {
  try {
    return openAttached(kernel, { ifindex, hook }, programId);
  } catch (error) {
    if (isSystemError(error, 'EPERM')) return 'not-permitted';
    throw error;
  }
}

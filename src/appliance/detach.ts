import { detachLink } from '../kernel/bpf/link.ts';
import { openById } from '../kernel/bpf/id.ts';
import type { Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { EbpfHook } from '../pipeline.ts';
import { detachTc } from '../tc/attach.ts';
import { detachXdp } from '../xdp/attach.ts';
import { ApplianceError } from './appliance-error.ts';
import { findInterface } from './interface.ts';
import { directionOf, hooks } from './occupant.ts';
import { withPermission } from './permission.ts';
import { removePins, type PinPlace } from './pins.ts';
import { findPredecessor, type Predecessor } from './predecessor.ts';
import { removeStalePins } from './stale-pins.ts';

export interface DetachRequest {
  readonly interface: string;
  /** Default: every hook. */
  readonly hook?: EbpfHook;
}

export interface Detached {
  readonly interface: string;
  readonly hook: EbpfHook;
  readonly programId: number;
}

/**
 * Takes pktf's programs off an interface and removes their pins. Programs of others stay.
 * @throws ApplianceError where there is nothing of ours, or something that is not
 */
export function detachFilter(kernel: Kernel, request: DetachRequest): readonly Detached[] {
  const link = findInterface(kernel, request.interface);
  const wanted = request.hook === undefined ? hooks : [request.hook];
  const detached = wanted.flatMap((hook) => detachAt(kernel, link, hook, request.hook !== undefined) ?? []);
  removeStalePins(kernel);
  if (detached.length > 0) return detached;
  const where = request.hook === undefined ? link.name : `${link.name} at ${request.hook}`;
  throw new ApplianceError(
    'not-attached',
    'input',
    `pktf has attached nothing to ${where}`,
    '`pktf status` tells what is attached',
  );
}

function detachAt(kernel: Kernel, link: Link, hook: EbpfHook, named: boolean): Detached | undefined {
  const place = { ifindex: link.ifindex, hook };
  const what = `detaching from ${link.name}`;
  // Only where there are no pins is CAP_SYS_ADMIN asked for.
  const found = withPermission(kernel, what, ['CAP_NET_ADMIN', 'CAP_SYS_ADMIN'], () => findPredecessor(kernel, place));
  if (found === undefined) {
    withPermission(kernel, what, ['CAP_NET_ADMIN'], () => removePins(kernel, place));
    return undefined;
  }
  try {
    if (found.record === undefined) {
      if (!named) return undefined;
      throw new ApplianceError(
        'not-ours',
        'kernel',
        `the program ${found.occupant.programId} on ${link.name} at ${hook} is not pktf's`,
        'take it off with the tool that attached it (`ip link set dev … xdp off`, say)',
      );
    }
    withPermission(kernel, what, ['CAP_NET_ADMIN'], () => {
      takeOff(kernel, place, found);
      removePins(kernel, place);
    });
    return { interface: link.name, hook, programId: found.occupant.programId };
  } finally {
    found.objects.close();
  }
}

function takeOff(kernel: Kernel, { ifindex, hook }: PinPlace, { occupant, objects }: Predecessor): void {
  if (objects.link !== undefined) return detachLink(kernel, objects.link);
  if (occupant.heldBy.kind === 'link') return detachLinkById(kernel, occupant.heldBy.linkId);
  if (hook !== 'xdp') return detachTc(kernel, { ifindex, direction: directionOf(hook) }, occupant.programId);
  const expected = { kind: 'program', descriptor: objects.program } as const;
  detachXdp(kernel, { ifindex, mode: occupant.mode ?? 'native' }, expected);
}

/** A link whose pin is gone: somebody else holds it, but the program is ours. */
function detachLinkById(kernel: Kernel, linkId: number): void {
  const descriptor = openById(kernel, 'link', linkId);
  try {
    detachLink(kernel, descriptor);
  } finally {
    kernel.close(descriptor);
  }
}

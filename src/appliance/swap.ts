import { detachLink } from '../kernel/bpf/link.ts';
import { isAttachError, type AttachErrorCode } from '../kernel/attach-error.ts';
import type { Link, XdpMode } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { EbpfHook } from '../pipeline.ts';
import { attachTc, attachTcxLink, detachTc, replaceTc, updateTcxLink } from '../tc/attach.ts';
import { attachXdp, attachXdpLink, detachXdp, updateXdpLink } from '../xdp/attach.ts';
import { ApplianceError } from './appliance-error.ts';
import { directionOf, type Occupant } from './occupant.ts';
import type { Predecessor } from './predecessor.ts';

export interface SwapRequest {
  readonly link: Link;
  readonly hook: EbpfHook;
  readonly mode: XdpMode | undefined;
  readonly byLink: boolean;
  /** A descriptor of the program to put in. */
  readonly program: number;
  readonly predecessor: Predecessor | undefined;
}

export interface Swapped {
  readonly mode: XdpMode | undefined;
  /** A descriptor of the bpf_link that was made for the program; the caller pins and closes it. */
  readonly newLink: number | undefined;
  readonly remarks: readonly string[];
}

/**
 * The one step in which the kernel goes from the old program, or none, to the new one.
 * @throws AttachError, ApplianceError; what was there before goes on
 */
export function swapProgram(kernel: Kernel, request: SwapRequest): Swapped {
  const { predecessor, byLink } = request;
  if (predecessor === undefined) return byLink ? attachByLink(kernel, request) : attachByNetlink(kernel, request);
  const { link } = predecessor.objects;
  refuseOtherMode(request, predecessor.occupant);
  if (byLink !== (link !== undefined)) throw otherHold(request, byLink);
  return link === undefined ? replace(kernel, request, predecessor) : replaceInLink(kernel, request, predecessor, link);
}

function attachByNetlink(kernel: Kernel, { link, hook, mode, program }: SwapRequest): Swapped {
  const { ifindex } = link;
  if (hook === 'xdp') {
    return withFallback(mode, (tried) => {
      attachXdp(kernel, { ifindex, mode: tried, programDescriptor: program });
      return undefined;
    });
  }
  attachTc(kernel, { ifindex, direction: directionOf(hook), programDescriptor: program });
  return { mode: undefined, newLink: undefined, remarks: [] };
}

function attachByLink(kernel: Kernel, { link, hook, mode, program }: SwapRequest): Swapped {
  const { ifindex } = link;
  if (hook === 'xdp') {
    return withFallback(mode, (tried) => attachXdpLink(kernel, { ifindex, mode: tried, programDescriptor: program }));
  }
  const tcx = attachTcxLink(kernel, { ifindex, direction: directionOf(hook), programDescriptor: program });
  return { mode: undefined, newLink: tcx, remarks: [] };
}

/** What a driver may have against native mode; generic mode asks no driver. */
const driverRefusals: readonly AttachErrorCode[] = ['mode-not-supported', 'mtu-too-large', 'refused'];

/** Native, else generic, said aloud; a mode that the user named never falls back. */
function withFallback(mode: XdpMode | undefined, attach: (mode: XdpMode) => number | undefined): Swapped {
  if (mode !== undefined) return { mode, newLink: attach(mode), remarks: [] };
  try {
    return { mode: 'native', newLink: attach('native'), remarks: [] };
  } catch (error) {
    if (!isAttachError(error) || !driverRefusals.includes(error.code)) throw error;
    const newLink = attach('generic');
    return { mode: 'generic', newLink, remarks: [`${error.message}; attached in generic mode, which is slower`] };
  }
}

function replace(kernel: Kernel, request: SwapRequest, { occupant, objects }: Predecessor): Swapped {
  const { link, hook, program } = request;
  if (hook !== 'xdp') {
    const attachment = { ifindex: link.ifindex, direction: directionOf(hook), programDescriptor: program };
    replaceTc(kernel, attachment, occupant.programId);
    return { mode: undefined, newLink: undefined, remarks: [] };
  }
  const mode = occupant.mode ?? 'native';
  const expected = { kind: 'program', descriptor: objects.program } as const;
  attachXdp(kernel, { ifindex: link.ifindex, mode, programDescriptor: program, expected });
  return { mode, newLink: undefined, remarks: [] };
}

function replaceInLink(
  kernel: Kernel,
  request: SwapRequest,
  { occupant, objects }: Predecessor,
  held: number,
): Swapped {
  const update = request.hook === 'xdp' ? updateXdpLink : updateTcxLink;
  update(kernel, held, request.program, objects.program);
  return { mode: occupant.mode, newLink: undefined, remarks: [] };
}

/** Native and generic programs stand in different places, and the kernel has no step from one to the other. */
function refuseOtherMode({ link, mode }: SwapRequest, { mode: active }: Occupant): void {
  if (mode === undefined || active === undefined || mode === active) return;
  throw new ApplianceError(
    'occupied',
    'kernel',
    `${link.name} has an XDP program in ${active} mode; one in ${mode} mode cannot take its place in one step`,
    `leave --mode out, or \`pktf detach ${link.name}\` first`,
  );
}

/** The kernel has no step from a link to netlink or back. */
function otherHold({ link, hook }: SwapRequest, byLink: boolean): ApplianceError {
  const [now, wanted] = byLink ? ['without a link', 'with --link'] : ['by a link', 'without --link'];
  return new ApplianceError(
    'occupied',
    'kernel',
    `${link.name} has a program at ${hook} that is held ${now}; it cannot be replaced by one ${wanted} in one step`,
    byLink
      ? `leave --link out, or \`pktf detach ${link.name}\` first`
      : `add --link, or \`pktf detach ${link.name}\` first`,
  );
}

export interface UndoRequest extends SwapRequest {
  readonly programId: number;
  readonly swapped: Swapped;
}

/** The way back: the predecessor runs again, or nothing where there was none. @throws AttachError, SystemError */
export function undoSwap(kernel: Kernel, request: UndoRequest): void {
  const { link, hook, program, programId, predecessor, swapped } = request;
  const mode = swapped.mode ?? 'native';
  const { ifindex } = link;
  const ours = { kind: 'program', descriptor: program } as const;
  if (predecessor === undefined) {
    if (swapped.newLink !== undefined) return detachLink(kernel, swapped.newLink);
    if (hook === 'xdp') return detachXdp(kernel, { ifindex, mode }, ours);
    return detachTc(kernel, { ifindex, direction: directionOf(hook) }, programId);
  }
  const { program: old, link: held } = predecessor.objects;
  if (held !== undefined) return (hook === 'xdp' ? updateXdpLink : updateTcxLink)(kernel, held, old, program);
  if (hook === 'xdp') return attachXdp(kernel, { ifindex, mode, programDescriptor: old, expected: ours });
  replaceTc(kernel, { ifindex, direction: directionOf(hook), programDescriptor: old }, programId);
}

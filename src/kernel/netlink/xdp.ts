import type { Kernel } from '../kernel.ts';
import { u32Attribute } from './attribute.ts';
import { linkMessage } from './link.ts';
import type { XdpMode } from './link.ts';
import { request } from './request.ts';

/** What must be on the interface for the change to be made. */
export type ExpectedXdp =
  | { readonly kind: 'nothing' }
  /** The program of this descriptor. */
  | { readonly kind: 'program'; readonly descriptor: number }
  | { readonly kind: 'anything' };

export interface XdpChange {
  readonly ifindex: number;
  /** The program to attach; undefined takes the one there off. */
  readonly programDescriptor: number | undefined;
  readonly mode: XdpMode;
  readonly expected: ExpectedXdp;
}

const RTM_SETLINK = 19;
const IFLA_XDP = 43;
/** Attributes inside IFLA_XDP. */
const xdp = { descriptor: 1, flags: 3, expectedDescriptor: 8 };
/** XDP_FLAGS_… */
export const xdpFlags = { updateIfNoExist: 1, skbMode: 2, drvMode: 4, hwMode: 8, replace: 16 } as const;

export const xdpModeFlags: Readonly<Record<XdpMode, number>> = {
  generic: xdpFlags.skbMode,
  native: xdpFlags.drvMode,
  offload: xdpFlags.hwMode,
};

/**
 * Attaches, replaces or detaches the XDP program of an interface in one step.
 * @throws SystemError EEXIST when something else than expected is there
 */
export function setXdp(kernel: Kernel, change: XdpChange): void {
  const { expected } = change;
  const attributes = [u32Attribute(xdp.descriptor, change.programDescriptor ?? -1)];
  let flags = xdpModeFlags[change.mode];
  if (expected.kind === 'program') {
    flags |= xdpFlags.replace;
    attributes.push(u32Attribute(xdp.expectedDescriptor, expected.descriptor));
  } else if (expected.kind === 'nothing') {
    flags |= xdpFlags.updateIfNoExist;
  }
  attributes.push(u32Attribute(xdp.flags, flags));
  const body = linkMessage(change.ifindex, [{ type: IFLA_XDP, content: attributes }]);
  request(kernel, { name: 'RTM_SETLINK', type: RTM_SETLINK, body });
}

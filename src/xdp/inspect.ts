import { findLink } from '../kernel/bpf/find-link.ts';
import type { LinkHold } from '../kernel/bpf/find-link.ts';
import { linkTypes } from '../kernel/bpf/info.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { linkByIndex } from '../kernel/netlink/link.ts';
import type { XdpMode } from '../kernel/netlink/link.ts';

/** An XDP program on an interface. */
export interface XdpState {
  readonly mode: XdpMode;
  readonly programId: number;
  readonly heldBy: LinkHold;
}

/** The XDP programs of an interface, one for each mode at most; none where there is no such interface. */
export function inspectXdp(kernel: Kernel, ifindex: number): readonly XdpState[] {
  const programs = linkByIndex(kernel, ifindex)?.xdp ?? [];
  return programs.map(({ mode, programId }) => ({
    mode,
    programId,
    heldBy: findLink(
      kernel,
      (link) => link.type === linkTypes.xdp && link.ifindex === ifindex && link.programId === programId,
    ),
  }));
}

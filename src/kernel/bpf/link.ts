import type { Kernel } from '../kernel.ts';
import { attributes, viewOf } from './attributes.ts';
import { command } from './command.ts';
import { attachTypes } from './program.ts';

/** Where a link holds a program. */
export type LinkPlace = 'xdp' | 'tcx-ingress' | 'tcx-egress';

const attachTypeOf: Readonly<Record<LinkPlace, number>> = {
  xdp: attachTypes.xdp,
  'tcx-ingress': attachTypes.tcxIngress,
  'tcx-egress': attachTypes.tcxEgress,
};

/** Offsets in `union bpf_attr`. */
const creation = { size: 48, program: 0, ifindex: 4, attachType: 8, flags: 12 };
const update = { size: 16, link: 0, newProgram: 4, flags: 8, oldProgram: 12 };
const query = { size: 64, ifindex: 0, attachType: 4, programIds: 16, count: 24, linkIds: 40, revision: 56 };
const BPF_F_REPLACE = 1 << 2;

/**
 * Attaches a program by a link: it stays until the last descriptor and pin of the link have gone, and nobody else can
 * replace it (XDP since Linux 5.9, tcx since 6.6).
 * @param flags for XDP: the mode, XDP_FLAGS_SKB_MODE, _DRV_MODE or _HW_MODE
 * @returns a descriptor of the link
 */
export function createLink(
  kernel: Kernel,
  place: LinkPlace,
  target: { readonly programDescriptor: number; readonly ifindex: number; readonly flags?: number },
): number {
  const bytes = attributes(creation.size, {
    [creation.program]: target.programDescriptor,
    [creation.ifindex]: target.ifindex,
    [creation.attachType]: attachTypeOf[place],
    [creation.flags]: target.flags ?? 0,
  });
  return kernel.bpf(command.LINK_CREATE, bytes, []);
}

/**
 * Puts another program behind a link, in one step.
 * @param oldProgram when given, EPERM unless that is the one there now
 */
export function updateLink(kernel: Kernel, link: number, newProgram: number, oldProgram?: number): void {
  const bytes = attributes(update.size, {
    [update.link]: link,
    [update.newProgram]: newProgram,
    [update.flags]: oldProgram === undefined ? 0 : BPF_F_REPLACE,
    [update.oldProgram]: oldProgram ?? 0,
  });
  kernel.bpf(command.LINK_UPDATE, bytes, []);
}

/** Takes the program off; the link stays as an empty shell until it is closed and unpinned. */
export function detachLink(kernel: Kernel, link: number): void {
  kernel.bpf(command.LINK_DETACH, attributes(4, { 0: link }), []);
}

/** A program at a tcx hook; `linkId` 0 when no link holds it. */
export interface TcxProgram {
  readonly programId: number;
  readonly linkId: number;
}

/** The programs at a tcx hook, in the order they run. EINVAL before Linux 6.6. */
export function queryTcx(kernel: Kernel, ifindex: number, place: 'tcx-ingress' | 'tcx-egress'): readonly TcxProgram[] {
  // BPF_MPROG_MAX is 64 programs a hook.
  const programIds = new Uint32Array(64);
  const linkIds = new Uint32Array(64);
  const bytes = attributes(query.size, {
    [query.ifindex]: ifindex,
    [query.attachType]: attachTypeOf[place],
    [query.count]: programIds.length,
  });
  kernel.bpf(command.PROG_QUERY, bytes, [
    { offset: query.programIds, buffer: new Uint8Array(programIds.buffer) },
    { offset: query.linkIds, buffer: new Uint8Array(linkIds.buffer) },
  ]);
  const count = viewOf(bytes).getUint32(query.count, true);
  return Array.from({ length: count }, (_, index) => ({ programId: programIds[index]!, linkId: linkIds[index]! }));
}

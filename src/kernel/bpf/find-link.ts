import type { Kernel } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import { objectIds, openById } from './id.ts';
import { linkInfo } from './info.ts';
import type { LinkInfo } from './info.ts';

/** Whether a bpf_link holds a program; `unknown` without CAP_SYS_ADMIN, which looking at links wants. */
export type LinkHold =
  { readonly kind: 'link'; readonly linkId: number } | { readonly kind: 'no-link' } | { readonly kind: 'unknown' };

/** Looks through all links of the machine for one that `matches`. */
export function findLink(kernel: Kernel, matches: (link: LinkInfo) => boolean): LinkHold {
  try {
    for (const id of objectIds(kernel, 'link')) {
      const link = linkById(kernel, id);
      if (link !== undefined && matches(link)) return { kind: 'link', linkId: id };
    }
    return { kind: 'no-link' };
  } catch (error) {
    if (isSystemError(error, 'EPERM')) return { kind: 'unknown' };
    throw error;
  }
}

/** @returns undefined when the link has gone meanwhile */
function linkById(kernel: Kernel, id: number): LinkInfo | undefined {
  let descriptor: number;
  try {
    descriptor = openById(kernel, 'link', id);
  } catch (error) {
    // EAGAIN: it is being made or taken apart at this moment.
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'EAGAIN')) return undefined;
    throw error;
  }
  try {
    return linkInfo(kernel, descriptor);
  } finally {
    kernel.close(descriptor);
  }
}

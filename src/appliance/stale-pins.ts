import { linkInfo } from '../kernel/bpf/info.ts';
import { links } from '../kernel/netlink/link.ts';
import { networkNamespaceInode } from '../kernel/netns.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { findOccupant, hooks } from './occupant.ts';
import { removePinDirectory } from './pin-directory.ts';
import { heldBackDirectory, openPin, pinDirectories, pinnedProgramId, pinRoot, type PinPlace } from './pins.ts';

/**
 * Removes pins that hold what nobody needs any more: their interface or its whole network namespace has gone, or
 * somebody took the program off by other means. Tidying is a courtesy: what cannot be looked at or removed stays.
 */
export function removeStalePins(kernel: Kernel): void {
  unlessRefused(() => {
    const here = String(networkNamespaceInode(kernel));
    const present = new Set(links(kernel).map(({ ifindex }) => String(ifindex)));
    for (const ifindex of list(kernel, `${pinRoot}/${here}`)) {
      if (present.has(ifindex)) removeTakenOff(kernel, Number(ifindex));
      else removeAllBelow(kernel, `${pinRoot}/${here}/${ifindex}`);
    }
    removeDeadNamespaces(kernel, here);
  });
}

/** Staged pins stay: another pktf may be about to attach their program. */
function removeTakenOff(kernel: Kernel, ifindex: number): void {
  for (const hook of hooks) {
    const place = { ifindex, hook };
    const attached = findOccupant(kernel, place)?.programId;
    const [settled] = pinDirectories(kernel, place);
    const pinned = pinnedProgramId(kernel, settled);
    if (pinned !== undefined && pinned !== attached) removePinDirectory(kernel, settled);
    if (!isPending(kernel, place, attached)) removePinDirectory(kernel, heldBackDirectory(kernel, place));
  }
}

/** Whether the program that is attached may have to give way to what is held back for it. */
function isPending(kernel: Kernel, place: PinPlace, attached: number | undefined): boolean {
  return pinDirectories(kernel, place).some((directory) => {
    if (attached === undefined || pinnedProgramId(kernel, directory) !== attached) return false;
    const fallback = openPin(kernel, directory, 'fallback');
    if (fallback === undefined) return false;
    kernel.close(fallback);
    return true;
  });
}

function removeDeadNamespaces(kernel: Kernel, here: string): void {
  const others = list(kernel, pinRoot).filter((namespace) => namespace !== here);
  if (others.length === 0) return;
  const living = livingNamespaces(kernel);
  for (const namespace of others) {
    if (living.has(namespace)) continue;
    for (const ifindex of list(kernel, `${pinRoot}/${namespace}`)) {
      removeAllBelow(kernel, `${pinRoot}/${namespace}/${ifindex}`);
    }
  }
}

/**
 * The inodes of network namespaces that a process is in or that have a name. One that is held by nothing but a
 * descriptor is missed, and one whose processes may not be looked at: of what is attached there only the pins are
 * lost, for a link that holds on to an interface is never unpinned.
 */
function livingNamespaces(kernel: Kernel): ReadonlySet<string> {
  const processes = list(kernel, '/proc').filter((name) => /^\d+$/.test(name));
  const paths = [
    ...processes.map((process) => `/proc/${process}/ns/net`),
    ...list(kernel, '/run/netns').map((name) => `/run/netns/${name}`),
  ];
  const inodes = paths.map((path) => unless(['ENOENT', 'EACCES'], () => String(kernel.inodeOf(path))));
  return new Set(inodes.filter((inode) => inode !== undefined));
}

function removeAllBelow(kernel: Kernel, directory: string): void {
  for (const hook of list(kernel, directory)) {
    const path = `${directory}/${hook}`;
    if (!holdsLivingLink(kernel, path)) removePinDirectory(kernel, path);
  }
}

/** A link without an interface is an empty shell. */
function holdsLivingLink(kernel: Kernel, directory: string): boolean {
  const descriptor = openPin(kernel, directory, 'link');
  if (descriptor === undefined) return false;
  try {
    return linkInfo(kernel, descriptor).ifindex !== 0;
  } finally {
    kernel.close(descriptor);
  }
}

/** @returns nothing for a directory that is not there */
function list(kernel: Kernel, directory: string): readonly string[] {
  return unless(['ENOENT'], () => kernel.listDirectory(directory)) ?? [];
}

/** @returns undefined where the action is refused with one of these */
function unless<Result>(codes: readonly string[], action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (isSystemError(error) && codes.includes(error.code)) return undefined;
    throw error;
  }
}

function unlessRefused(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

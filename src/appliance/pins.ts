import { bpffsDirectory } from '../kernel/bpffs.ts';
import { programInfo } from '../kernel/bpf/info.ts';
import { openPinned, pinObject } from '../kernel/bpf/object.ts';
import { networkNamespaceInode } from '../kernel/netns.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import type { EbpfHook } from '../pipeline.ts';
import { makePinDirectory, removePinDirectory } from './pin-directory.ts';

/**
 * Pins: names in the bpffs for what is attached, `/sys/fs/bpf/pktf/<netns inode>/<ifindex>/<hook>/<object>`. A new set is
 * staged in `<hook>-next` before the program is swapped and takes the old one's place after; a crash in between leaves
 * both, and whoever looks believes the set whose program is the one that is attached.
 */
export type PinName = 'program' | 'record' | 'counters' | 'base' | 'link' | GuardPin | TablePin;

/** While a policy waits to be confirmed: the program without the guard, and the guard's maps. */
export type GuardPin = 'plain' | 'deadline' | 'fallback';

/** A table of the policy's sets, by the name of its map. */
export type TablePin = `table-${string}`;

export const pinRoot = `${bpffsDirectory}/pktf`;
/** bpffs refuses names with a dot (EPERM). */
const stagedSuffix = '-next';
/** What a policy that waits to be confirmed may have to give way to again. */
const heldBackSuffix = '-old';

export interface PinPlace {
  readonly ifindex: number;
  readonly hook: EbpfHook;
}

/** A set of pins that is not in its place yet. */
export interface StagedPins {
  pin(name: PinName, descriptor: number): void;
  commit(): void;
  /** As `commit`, but what was there is held back, unless something is already. */
  commitHoldingBack(): void;
  abandon(): void;
}

/**
 * Makes the directory for a new set, empty.
 * @param attachedId the program that is attached now: where a crash left its pins staged, they take their place first
 * @throws SystemError where there is no permission; nothing is left then
 */
export function stagePins(kernel: Kernel, place: PinPlace, attachedId: number | undefined): StagedPins {
  const [settled, staged] = pinDirectories(kernel, place);
  const heldBack = heldBackDirectory(kernel, place);
  const takePlace = (): void => {
    removePinDirectory(kernel, settled);
    kernel.rename(staged, settled);
  };
  const commit = (): void => {
    takePlace();
    removePinDirectory(kernel, heldBack);
  };
  const commitHoldingBack = (): void => {
    if (exists(kernel, settled) && !exists(kernel, heldBack)) kernel.rename(settled, heldBack);
    takePlace();
  };
  const abandon = (): void => removePinDirectory(kernel, staged);
  if (attachedId !== undefined && pinnedProgramId(kernel, staged) === attachedId) takePlace();
  try {
    abandon();
    makePinDirectory(kernel, staged);
  } catch (error) {
    abandon();
    throw error;
  }
  return {
    pin: (name, descriptor) => pinObject(kernel, descriptor, `${staged}/${name}`),
    commit,
    commitHoldingBack,
    abandon,
  };
}

/** Where the pins of a held back program are. */
export function heldBackDirectory(kernel: Kernel, place: PinPlace): string {
  return `${pinDirectories(kernel, place)[0]}${heldBackSuffix}`;
}

/** The held back pins take the place of those that are there, if there are any. */
export function bringBackPins(kernel: Kernel, place: PinPlace): void {
  const [settled] = pinDirectories(kernel, place);
  const heldBack = heldBackDirectory(kernel, place);
  if (!exists(kernel, heldBack)) return removePinDirectory(kernel, settled);
  removePinDirectory(kernel, settled);
  kernel.rename(heldBack, settled);
}

/** The plain program's pin becomes the program's; the guard's go, and what was held back. */
export function settleConfirmedPins(kernel: Kernel, place: PinPlace): void {
  const [settled] = pinDirectories(kernel, place);
  kernel.unlink(`${settled}/program`);
  kernel.rename(`${settled}/plain`, `${settled}/program`);
  for (const name of ['deadline', 'fallback'] as const) kernel.unlink(`${settled}/${name}`);
  removePinDirectory(kernel, heldBackDirectory(kernel, place));
}

function exists(kernel: Kernel, directory: string): boolean {
  try {
    kernel.listDirectory(directory);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Directories in which pins for a place may be: the settled set, then the staged one. */
export function pinDirectories(kernel: Kernel, { ifindex, hook }: PinPlace): readonly [string, string] {
  const directory = `${namespaceDirectory(kernel)}/${ifindex}/${hook}`;
  return [directory, `${directory}${stagedSuffix}`];
}

/** @returns a descriptor, or undefined where there is no such pin or it may not be opened */
export function openPin(kernel: Kernel, directory: string, name: PinName): number | undefined {
  try {
    return openPinned(kernel, `${directory}/${name}`);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'EPERM') || isSystemError(error, 'EACCES')) {
      return undefined;
    }
    throw error;
  }
}

/** The id of the program that is pinned in a directory; undefined as for `openPin`. */
export function pinnedProgramId(kernel: Kernel, directory: string): number | undefined {
  const descriptor = openPin(kernel, directory, 'program');
  if (descriptor === undefined) return undefined;
  try {
    return programInfo(kernel, descriptor).id;
  } finally {
    kernel.close(descriptor);
  }
}

/** Removes all pins of a place. */
export function removePins(kernel: Kernel, place: PinPlace): void {
  for (const directory of [...pinDirectories(kernel, place), heldBackDirectory(kernel, place)]) {
    removePinDirectory(kernel, directory);
  }
}

/** The directory of the network namespace that this thread is in. */
function namespaceDirectory(kernel: Kernel): string {
  return `${pinRoot}/${networkNamespaceInode(kernel)}`;
}

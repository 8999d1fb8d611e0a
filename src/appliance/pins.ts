import { bpffsDirectory } from '../kernel/bpffs.ts';
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
export type PinName = 'program' | 'record' | 'counters' | 'base' | 'link';

const root = `${bpffsDirectory}/pktf`;
/** bpffs refuses names with a dot (EPERM). */
const stagedSuffix = '-next';

export interface PinPlace {
  readonly ifindex: number;
  readonly hook: EbpfHook;
}

/** A set of pins that is not in its place yet. */
export interface StagedPins {
  pin(name: PinName, descriptor: number): void;
  commit(): void;
  abandon(): void;
}

/** Makes the directory for a new set, empty. @throws SystemError where there is no permission */
export function stagePins(kernel: Kernel, place: PinPlace): StagedPins {
  const [settled, staged] = pinDirectories(kernel, place);
  removePinDirectory(kernel, staged);
  makePinDirectory(kernel, staged);
  return {
    pin: (name, descriptor) => pinObject(kernel, descriptor, `${staged}/${name}`),
    commit() {
      removePinDirectory(kernel, settled);
      kernel.rename(staged, settled);
    },
    abandon: () => removePinDirectory(kernel, staged),
  };
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
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

/** Removes all pins of a place. */
export function removePins(kernel: Kernel, place: PinPlace): void {
  for (const directory of pinDirectories(kernel, place)) removePinDirectory(kernel, directory);
}

/** Removes what is pinned for interfaces that are gone. @param present the ifindexes of this network namespace */
export function removeStalePins(kernel: Kernel, present: ReadonlySet<number>): void {
  const namespace = namespaceDirectory(kernel);
  for (const name of list(kernel, namespace)) {
    if (present.has(Number(name))) continue;
    for (const hook of list(kernel, `${namespace}/${name}`)) removePinDirectory(kernel, `${namespace}/${name}/${hook}`);
  }
}

function namespaceDirectory(kernel: Kernel): string {
  return `${root}/${networkNamespaceInode(kernel)}`;
}

function list(kernel: Kernel, directory: string): readonly string[] {
  try {
    return kernel.listDirectory(directory);
  } catch (error) {
    if (isSystemError(error)) return [];
    throw error;
  }
}

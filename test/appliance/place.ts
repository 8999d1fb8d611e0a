import { findOccupant } from '../../src/appliance/occupant.ts';
import type { PinPlace } from '../../src/appliance/pins.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { isSystemError } from '../../src/kernel/system-error.ts';
import { networkNamespaceInode } from '../../src/kernel/netns.ts';
import { openDescriptorCount } from '../support/real-kernel.ts';

/** All that an attachment may leave somewhere; equal before and after where it is to leave nothing. */
export interface Traces {
  /** Attached at the place. */
  readonly programId: number | undefined;
  /** Paths below the directory of the namespace. */
  readonly pins: readonly string[];
  readonly descriptors: number;
}

/** Looks at the network namespace that this thread is in. */
export function tracesAt(kernel: Kernel, place: PinPlace): Traces {
  return {
    programId: findOccupant(kernel, place)?.programId,
    pins: pinsHere(kernel),
    descriptors: openDescriptorCount(kernel),
  };
}

/** What pktf has pinned for the network namespace that this thread is in: `7/xdp/program`, say. */
export function pinsHere(kernel: Kernel): readonly string[] {
  return below(kernel, `/sys/fs/bpf/pktf/${networkNamespaceInode(kernel)}`).sort();
}

function below(kernel: Kernel, directory: string): string[] {
  return list(kernel, directory).flatMap((name) => {
    const children = below(kernel, `${directory}/${name}`).map((child) => `${name}/${child}`);
    return children.length === 0 ? [name] : children;
  });
}

function list(kernel: Kernel, directory: string): readonly string[] {
  try {
    return kernel.listDirectory(directory);
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return [];
    throw error;
  }
}

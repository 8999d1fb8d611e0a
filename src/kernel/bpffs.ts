import type { Kernel } from './kernel.ts';
import { SystemError, isSystemError } from './system-error.ts';

/** Where pins live by convention. */
export const bpffsDirectory = '/sys/fs/bpf';

/** Whether things can be pinned. */
export type Bpffs =
  /** `lasting` false: the mount belongs to a private mount namespace, and its pins go with it. */
  | { readonly kind: 'mounted'; readonly lasting: boolean }
  | { readonly kind: 'absent'; readonly reason: string; readonly remedy: string };

/** BPF_FS_MAGIC */
const bpffsMagic = 0xcafe4a11;

/**
 * Inodes of the mount namespace that the system started with: a constant since Linux 6.18, before that the first that
 * was given out.
 */
const initialMountNamespaces: ReadonlySet<bigint> = new Set([0xeffffff8n, 0xf0000000n, 0xf0000001n]);

/** Looks, and changes nothing. */
export function inspectBpffs(kernel: Kernel): Bpffs {
  const lasting = inMainMountNamespace(kernel);
  try {
    if (kernel.fileSystemType(bpffsDirectory) === bpffsMagic) return { kind: 'mounted', lasting };
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    return {
      kind: 'absent',
      reason: `there is no ${bpffsDirectory}`,
      remedy: 'mount sysfs on /sys (in a container: run it with /sys/fs/bpf of the host)',
    };
  }
  return lasting
    ? {
        kind: 'absent',
        reason: `no bpffs is mounted on ${bpffsDirectory}`,
        remedy: `mount -t bpf bpf ${bpffsDirectory} (pktf does it itself when it may)`,
      }
    : {
        kind: 'absent',
        reason: `no bpffs is mounted on ${bpffsDirectory}, and this is a private mount namespace`,
        remedy: 'instead of `ip netns exec NAME pktf …` use `pktf … --netns NAME`, which leaves the mounts alone',
      };
}

/**
 * Mounts the bpffs where it is missing; never in a private mount namespace, as `ip netns exec` makes, where what is
 * pinned would be gone with the command.
 */
export function provideBpffs(kernel: Kernel): Bpffs {
  const found = inspectBpffs(kernel);
  if (found.kind === 'mounted' || !inMainMountNamespace(kernel)) return found;
  try {
    kernel.mountFileSystem('bpf', bpffsDirectory);
    return { kind: 'mounted', lasting: true };
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { ...found, reason: `${found.reason}, and mounting it failed: ${error.message}` };
  }
}

/** Whether mounts made here are seen by, and live as long as, the system (or the container). */
function inMainMountNamespace(kernel: Kernel): boolean {
  const here = kernel.inodeOf('/proc/self/ns/mnt');
  try {
    return here === kernel.inodeOf('/proc/1/ns/mnt');
  } catch (error) {
    // Looking at process 1 wants CAP_SYS_PTRACE and all capabilities that it has.
    if (!(error instanceof SystemError)) throw error;
    return initialMountNamespaces.has(here);
  }
}

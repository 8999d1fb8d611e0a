import type { Kernel } from './kernel.ts';
import { SystemError, isSystemError } from './system-error.ts';

const CLONE_NEWNET = 0x40000000;
/** Of the thread: setns(2) moves one thread, not the process. */
const currentNamespace = '/proc/thread-self/ns/net';
/** Where iproute2 keeps the named ones. */
const namedNamespaces = '/run/netns';

/**
 * Moves this thread, and the processes it starts from now on, to another network namespace; sockets that are open
 * stay where they were opened. Wants CAP_SYS_ADMIN.
 * @param namespace a name as in `ip netns list`, or a path
 */
export function enterNetns(kernel: Kernel, namespace: string): void {
  const descriptor = openNamespace(kernel, namespace);
  try {
    kernel.enterNamespace(descriptor, CLONE_NEWNET);
  } finally {
    kernel.close(descriptor);
  }
}

/**
 * Runs `action` in another network namespace and comes back. The action must be done when it returns: what runs
 * later, after an await, would run in the namespace left behind or in the wrong one.
 */
export function insideNetns<Result>(kernel: Kernel, namespace: string, action: () => Result): Result {
  const home = kernel.open(currentNamespace, 0);
  try {
    enterNetns(kernel, namespace);
    try {
      return action();
    } finally {
      kernel.enterNamespace(home, CLONE_NEWNET);
    }
  } finally {
    kernel.close(home);
  }
}

/** What names the current network namespace as long as it lives. */
export function networkNamespaceInode(kernel: Kernel): bigint {
  return kernel.inodeOf(currentNamespace);
}

function openNamespace(kernel: Kernel, namespace: string): number {
  const path = namespace.includes('/') ? namespace : `${namedNamespaces}/${namespace}`;
  try {
    return kernel.open(path, 0);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
    throw new SystemError(`network namespace ${namespace}`, error.errno, 'there is none; `ip netns list` shows them');
  }
}

import type { PacketAccess } from '../ebpf/hook-shape.ts';
import type { KernelContext } from '../ebpf/kernel-context.ts';
import { isAttachError } from '../kernel/attach-error.ts';
import { heldCapabilities, type Capability } from '../kernel/capabilities.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { readKernelContext } from '../loader/kernel-context.ts';
import type { EbpfHook } from '../pipeline.ts';
import { ApplianceError } from './appliance-error.ts';

/**
 * Runs an action and, where the kernel refuses it for want of permission, says which of the needed capabilities the
 * process lacks.
 * @param what for the message: `attaching to eth0`
 */
export function withPermission<Result>(
  kernel: Kernel,
  what: string,
  needed: readonly Capability[],
  action: () => Result,
): Result {
  try {
    return action();
  } catch (error) {
    if (!isRefusedPermission(error)) throw error;
    const held = heldCapabilities(kernel);
    const missing = needed.filter((capability) => !held.has(capability));
    throw new ApplianceError(
      'missing-capability',
      'kernel',
      missing.length === 0 ? `${what} was refused: ${error.message}` : `${what} needs ${missing.join(' and ')}`,
      missing.length === 0
        ? 'pktf holds the capabilities for it; a security module or a container may forbid it (`pktf features`)'
        : 'run as root, or give the process what it lacks (`pktf features` lists what you have)',
    );
  }
}

function isRefusedPermission(error: unknown): error is Error {
  return isSystemError(error, 'EPERM') || isSystemError(error, 'EACCES') || isAttachError(error, 'not-permitted');
}

/** What the verifier allows to a program of this process, and what the running kernel makes cheaper for it. */
export interface ProgramAbilities {
  readonly packetAccess: PacketAccess;
  readonly kernelContext?: KernelContext;
}

export function programAbilities(kernel: Kernel, hook: EbpfHook): ProgramAbilities {
  if (!heldCapabilities(kernel).has('CAP_PERFMON')) return { packetAccess: 'constant-offsets' };
  const kernelContext = hook === 'xdp' ? readKernelContext(kernel) : undefined;
  return { packetAccess: 'anywhere', ...(kernelContext === undefined ? {} : { kernelContext }) };
}

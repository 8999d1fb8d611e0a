import { findKernelContext, type KernelContext } from '../ebpf/kernel-context.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';

const typesOfKernel = '/sys/kernel/btf/vmlinux';

/**
 * Where this kernel keeps what makes counting bytes at XDP cheaper. Only for those who may read kernel memory
 * (CAP_PERFMON): the verifier refuses the program to others.
 * @returns undefined where the kernel tells no types, or is too old (before Linux 6.2)
 */
export function readKernelContext(kernel: Kernel): KernelContext | undefined {
  try {
    return findKernelContext(kernel.readBinaryFile(typesOfKernel));
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

import type { Context } from 'mocha';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { requireOrSkip } from './require.ts';

/** The kernel of this machine, for tests that need root. Call it in a `before` of the suite. */
export async function openRealKernel(context: Context): Promise<Kernel> {
  const usable = process.platform === 'linux' && process.getuid?.() === 0;
  requireOrSkip(context, 'kernel', usable, 'needs root on Linux');
  const { openLinuxKernel } = await import('../../src/kernel/linux/index.ts');
  return openLinuxKernel();
}

/** Descriptors that this process has open. */
export function openDescriptorCount(kernel: Kernel): number {
  return kernel.listDirectory('/proc/self/fd').length;
}

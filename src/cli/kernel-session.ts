import type { Kernel } from '../kernel/kernel.ts';
import type { NamespaceFlags } from './options.ts';

/** The kernel for one command, in the network namespace that the user named; nothing else of the process is loaded. */
export async function openKernel(flags: NamespaceFlags): Promise<Kernel> {
  const { openLinuxKernel } = await import('../kernel/linux/index.ts');
  const kernel = openLinuxKernel();
  if (flags.netns !== undefined) {
    const { enterNetns } = await import('../kernel/netns.ts');
    enterNetns(kernel, flags.netns);
  }
  return kernel;
}

import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { InputError } from './input-error.ts';
import type { NamespaceFlags } from './options.ts';

/**
 * The kernel for one command, in the network namespace that the user named; nothing else of the process is loaded.
 * @throws InputError where there is no such namespace, ApplianceError without CAP_SYS_ADMIN to enter it
 */
export async function openKernel({ netns }: NamespaceFlags): Promise<Kernel> {
  const { openLinuxKernel } = await import('../kernel/linux/index.ts');
  const kernel = openLinuxKernel();
  if (netns !== undefined) await enter(kernel, netns);
  return kernel;
}

async function enter(kernel: Kernel, name: string): Promise<void> {
  const [{ enterNetns }, { withPermission }] = await Promise.all([
    import('../kernel/netns.ts'),
    import('../appliance/permission.ts'),
  ]);
  try {
    withPermission(kernel, `entering the network namespace ${name}`, ['CAP_SYS_ADMIN'], () => enterNetns(kernel, name));
  } catch (error) {
    if (!isSystemError(error, 'ENOENT') && !isSystemError(error, 'EINVAL')) throw error;
    throw new InputError(`there is no network namespace ${JSON.stringify(name)}`, '`ip netns list` shows them');
  }
}

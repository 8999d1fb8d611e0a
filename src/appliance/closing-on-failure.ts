import type { Kernel } from '../kernel/kernel.ts';

/** Runs an action that opens descriptors; those that it told `opened` of are closed again when it fails. */
export function closingOnFailure<Result>(
  kernel: Kernel,
  action: (opened: (descriptor: number) => void) => Result,
): Result {
  const descriptors: number[] = [];
  try {
    return action((descriptor) => descriptors.push(descriptor));
  } catch (error) {
    for (const descriptor of descriptors) kernel.close(descriptor);
    throw error;
  }
}

import type { Kernel } from '../../src/kernel/kernel.ts';
import { SystemError } from '../../src/kernel/system-error.ts';

/** Is told of each call before it is made, counted from 1; it may throw in the call's place. */
export type Interception = (call: string, number: number) => void;

export interface InterceptedKernel extends Kernel {
  /** Calls made so far, refused ones included. */
  calls(): number;
}

/**
 * Calls that are never refused: Linux closes whatever it answers, what it answers to a netlink request that it took it can
 * deliver, and of `stat` there are as many as there are processes where others have pinned things.
 */
const certain: readonly string[] = ['close', 'receiveMessage', 'inodeOf'];

/** The real kernel with something in front of each call that can be refused. */
export function interceptedKernel(kernel: Kernel, before: Interception): InterceptedKernel {
  let calls = 0;
  const intercepted = Object.entries(kernel).map(([name, method]: [string, (...values: unknown[]) => unknown]) => {
    if (certain.includes(name)) return [name, method];
    return [
      name,
      (...values: unknown[]) => {
        calls += 1;
        before(name, calls);
        return method(...values);
      },
    ];
  });
  return { ...(Object.fromEntries(intercepted) as Kernel), calls: () => calls };
}

const ENOMEM = 12;

/** The kernel with its nth call refused. */
export function refusingKernel(kernel: Kernel, nth: number): InterceptedKernel {
  return interceptedKernel(kernel, (call, number) => {
    if (number === nth) throw new SystemError(`${call} (call ${number}, refused by the test)`, ENOMEM);
  });
}

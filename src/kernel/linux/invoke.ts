import koffi from 'koffi';
import { SystemError, isSystemError } from '../system-error.ts';
import type { CFunction } from './c-library.ts';

/**
 * Calls a C function that answers -1 and sets errno when it fails.
 * @param call how an error names it
 */
export function invokeOnce(call: string, target: CFunction, ...values: readonly unknown[]): number {
  const result = target(...values);
  if (result >= 0) return Number(result);
  // The next call of anything may change errno: nothing may stand between the call and this line.
  throw new SystemError(call, koffi.errno());
}

/** As `invokeOnce`, again each time that a signal came in between. */
export function invoke(call: string, target: CFunction, ...values: readonly unknown[]): number {
  for (;;) {
    try {
      return invokeOnce(call, target, ...values);
    } catch (error) {
      if (!isSystemError(error, 'EINTR')) throw error;
    }
  }
}

import { errnoText } from '../kernel/system-error.ts';
import { InputError } from './input-error.ts';

/** Node's error for a file that cannot be read, as words. @param what names the file */
export function unreadable(what: string, error: unknown): unknown {
  const { errno } = error as NodeJS.ErrnoException;
  return errno === undefined ? error : new InputError(`cannot read ${what}: ${errnoText(-errno)}`);
}

import * as diagnostics from '../diagnostics.ts';
import type { WrittenNumber } from '../syntax.ts';

/** Fails where an identifier does not fit its field. */
export function checkIdentifier(identifier: WrittenNumber, what: string, largest: number): void {
  if (identifier.value > largest) {
    diagnostics.fail(diagnostics.valueTooLarge(identifier.span, what, identifier.value, largest));
  }
}

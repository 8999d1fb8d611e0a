import type { Span } from '../ir/span.ts';

/**
 * What is wrong with a user's text, as data; `render.ts` draws the caret picture when it is printed. Codes are stable
 * and documented. One function per diagnostic stands in `diagnostics.ts`.
 */
export interface Diagnostic {
  readonly code: string;
  readonly severity: 'error' | 'warning';
  /** What is wrong, one line, no final stop. */
  readonly message: string;
  readonly span: Span;
  /** What to do about it, one line. */
  readonly help?: string;
}

/** Thrown by `compile` and friends: at least one of the diagnostics is an error. */
export class DiagnosticError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('\n'));
    this.name = 'DiagnosticError';
    this.diagnostics = diagnostics;
  }
}

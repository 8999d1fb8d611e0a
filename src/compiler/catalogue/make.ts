import type { Span } from '../../ir/span.ts';
import { DiagnosticError, type Diagnostic } from '../diagnostic.ts';
import { visible } from '../render.ts';

/** What the functions of the catalogue have in common. */

export function fail(diagnostic: Diagnostic): never {
  throw new DiagnosticError([diagnostic]);
}

export function error(code: string, span: Span, message: string, help?: string): Diagnostic {
  return help === undefined
    ? { code, severity: 'error', message, span }
    : { code, severity: 'error', message, span, help };
}

export function warning(code: string, span: Span, message: string, help?: string): Diagnostic {
  return { ...error(code, span, message, help), severity: 'warning' };
}

/** The user's text in an error: quoted, control characters visible, not too long. */
export function quoted(text: string): string {
  const shown = visible(text);
  return `'${shown.length > 60 ? `${visible(shown.slice(0, 57))}...` : shown}'`;
}

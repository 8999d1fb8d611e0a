import type { Span } from '../../ir/span.ts';

/** What is wrong with assembler text: one line, no final stop. */
export interface AssemblyDiagnostic {
  readonly message: string;
  readonly span: Span;
}

/** Thrown by `assemble` with everything that is wrong, in the order of the text. */
export class AssemblyError extends Error {
  readonly diagnostics: readonly AssemblyDiagnostic[];

  constructor(diagnostics: readonly AssemblyDiagnostic[]) {
    super(diagnostics.map((diagnostic) => diagnostic.message).join('\n'));
    this.name = 'AssemblyError';
    this.diagnostics = diagnostics;
  }
}

/** Ends the reading of one statement; the next one is read all the same. */
export class StatementError extends Error {
  readonly span: Span;

  constructor(message: string, span: Span) {
    super(message);
    this.name = 'StatementError';
    this.span = span;
  }
}

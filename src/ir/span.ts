/** A text that a user wrote: a filter from the command line, a filter file, a policy. */
export interface Source {
  /** What errors call it: a file's path, or `filter` for words of the command line. */
  readonly name: string;
  readonly text: string;
}

/** A stretch of a source, as UTF-16 offsets; `end` is exclusive. Kept on every test down to the last instruction. */
export interface Span {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Line and column as editors count them: both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export function positionOf(source: Source, offset: number): Position {
  const before = source.text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let i = before.indexOf('\n'); i >= 0; i = before.indexOf('\n', i + 1)) line++;
  return { line, column: offset - lineStart + 1 };
}

export function textOf(span: Span): string {
  return span.source.text.slice(span.start, span.end);
}

/** The smallest span that covers both; they must lie in one source. */
export function coverSpans(first: Span, second: Span): Span {
  return { source: first.source, start: Math.min(first.start, second.start), end: Math.max(first.end, second.end) };
}

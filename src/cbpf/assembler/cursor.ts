import { coverSpans, type Span } from '../../ir/span.ts';
import { StatementError } from './diagnostic.ts';
import type { Line, Token } from './tokens.ts';

/** A place in a line of tokens. */
export interface Cursor {
  readonly line: Line;
  next: number;
}

export function peek(cursor: Cursor, ahead = 0): Token {
  return cursor.line[Math.min(cursor.next + ahead, cursor.line.length - 1)] as Token;
}

/** Takes the next token; the `end` stays. */
export function take(cursor: Cursor): Token {
  const token = peek(cursor);
  if (token.kind !== 'end') cursor.next++;
  return token;
}

/** Takes the next token if it is this text. */
export function accept(cursor: Cursor, text: string): boolean {
  if (peek(cursor).text !== text || peek(cursor).kind === 'end') return false;
  cursor.next++;
  return true;
}

/** @throws StatementError where the next token is another */
export function expect(cursor: Cursor, ...texts: readonly string[]): void {
  for (const text of texts) if (!accept(cursor, text)) throw unexpected(cursor, text);
}

export function unexpected(cursor: Cursor, wanted: string): StatementError {
  const { kind, text, span } = peek(cursor);
  return new StatementError(`expected ${wanted}, found ${kind === 'end' ? 'the end of the line' : text}`, span);
}

/** From a token to the last one taken. */
export function spanSince(cursor: Cursor, first: Token): Span {
  const last = cursor.line[Math.max(cursor.next - 1, 0)] as Token;
  return coverSpans(first.span, last.span.end < first.span.end ? first.span : last.span);
}

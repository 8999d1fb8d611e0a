import type { Span } from '../ir/span.ts';
import * as diagnostics from './diagnostics.ts';
import type { Symbol, Token } from './lexer.ts';
import type { Word } from './words.ts';

/** How deep parentheses, indexes and signs may nest. Recursion stays far from the end of the stack. */
const nestingLimit = 200;

/** A place in the tokens of a filter, and how deep it is nested there. */
export interface Cursor {
  readonly tokens: readonly Token[];
  position: number;
  depth: number;
}

/** The next token, not taken. @param ahead how many to look past */
export function peek(cursor: Cursor, ahead = 0): Token {
  const { tokens, position } = cursor;
  return tokens[Math.min(position + ahead, tokens.length - 1)] as Token;
}

export function take(cursor: Cursor): Token {
  const token = peek(cursor);
  if (token.kind !== 'end') cursor.position++;
  return token;
}

export function peekSymbol(cursor: Cursor, ahead = 0): Symbol | undefined {
  const token = peek(cursor, ahead);
  return token.kind === 'symbol' ? token.symbol : undefined;
}

export function peekWord(cursor: Cursor, ahead = 0): Word | undefined {
  const token = peek(cursor, ahead);
  return token.kind === 'word' ? token.word : undefined;
}

/** Takes the next token if it is that symbol. */
export function takeSymbol(cursor: Cursor, symbol: Symbol): Token | undefined {
  return peekSymbol(cursor) === symbol ? take(cursor) : undefined;
}

/** @param expected what the grammar wants here, as an error says it */
export function unexpected(cursor: Cursor, expected: string): never {
  const token = peek(cursor);
  return diagnostics.fail(
    token.kind === 'end'
      ? diagnostics.unexpectedEnd(endOf(token.span), expected)
      : diagnostics.unexpectedToken(token.span, token.text, expected),
  );
}

/** Behind the last character there is nothing to mark: the last character that is no space stands for the end. */
function endOf(span: Span): Span {
  const length = span.source.text.trimEnd().length;
  return length === 0 ? span : { source: span.source, start: length, end: length };
}

/** Runs a parsing function one level deeper. */
export function nested<Result>(cursor: Cursor, parse: () => Result): Result {
  if (++cursor.depth > nestingLimit) diagnostics.fail(diagnostics.nestedTooDeep(peek(cursor).span, nestingLimit));
  const result = parse();
  cursor.depth--;
  return result;
}

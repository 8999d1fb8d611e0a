import type { Source, Span } from '../../ir/span.ts';
import { StatementError } from './diagnostic.ts';

export interface Token {
  readonly kind: 'word' | 'number' | 'punctuation' | 'end';
  readonly text: string;
  readonly span: Span;
}

/** The tokens of one line, an `end` behind them. */
export type Line = readonly Token[];

/** Blank space and both kinds of comment; a comment in the C form may span lines. */
const skipped = /(?:[ \t\r\f\v]+|;[^\n]*|\/\*[^]*?\*\/)/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const number = /[0-9][A-Za-z0-9_]*/y;
const punctuation = /[[\]()+\-*&,#:%]/y;

/**
 * Cuts assembler text into lines of tokens.
 * @param report gets what is no token; reading goes on behind it
 */
export function tokenize(source: Source, report: (error: StatementError) => void): readonly Line[] {
  const { text } = source;
  const lines: Line[] = [];
  let line: Token[] = [];
  let at = 0;

  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const push = (kind: Token['kind'], tokenText: string) => {
    line.push({ kind, text: tokenText, span: { source, start: at, end: at + tokenText.length } });
    at += tokenText.length;
  };
  const endLine = () => {
    line.push({ kind: 'end', text: '', span: { source, start: at, end: at } });
    lines.push(line);
    line = [];
  };

  while (at < text.length) {
    const blank = take(skipped);
    const matched = blank ?? take(word) ?? take(number) ?? take(punctuation);
    if (blank !== undefined) {
      at += blank.length;
    } else if (text[at] === '\n') {
      endLine();
      at++;
    } else if (matched !== undefined) {
      push(kindOf(matched), matched);
    } else {
      const end = at + String.fromCodePoint(text.codePointAt(at) as number).length;
      const span = { source, start: at, end };
      const what = text.startsWith('/*', at)
        ? 'this comment has no end'
        : `unexpected character ${text.slice(at, end)}`;
      report(new StatementError(what, span));
      at = text.startsWith('/*', at) ? text.length : end;
    }
  }
  endLine();
  return lines;
}

function kindOf(text: string): Token['kind'] {
  if (/^[A-Za-z_]/.test(text)) return 'word';
  return /^[0-9]/.test(text) ? 'number' : 'punctuation';
}

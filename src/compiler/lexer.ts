import type { Source, Span } from '../ir/span.ts';
import { parseIpv6, parseMac, parseNumber } from './address.ts';
import * as diagnostics from './diagnostics.ts';
import { namedNumbers, words, type Word } from './words.ts';

export type Symbol =
  | '('
  | ')'
  | '['
  | ']'
  | ':'
  | '/'
  | '+'
  | '-'
  | '*'
  | '%'
  | '&'
  | '|'
  | '^'
  | '<<'
  | '>>'
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>=';

export type Token = { readonly text: string; readonly span: Span } & (
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'symbol'; readonly symbol: Symbol }
  | { readonly kind: 'number'; readonly value: number }
  /** Whatever else looks like a name, and any word behind a backslash. */
  | { readonly kind: 'name'; readonly name: string }
  /** Two to four numbers with dots between them. */
  | { readonly kind: 'ipv4' }
  | { readonly kind: 'ipv6'; readonly address: Uint8Array }
  | { readonly kind: 'mac'; readonly address: Uint8Array }
  | { readonly kind: 'short-mac' }
  /** `@name`. */
  | { readonly kind: 'set'; readonly name: string }
  /** Behind the last character. */
  | { readonly kind: 'end' }
);

type Rule = 'mac' | 'number' | 'ipv4' | 'ipv6' | 'broken-mac' | 'name' | 'escaped' | 'short-mac' | 'set';

const number = '(?:0[xX][0-9a-fA-F]+|[0-9]+)';
const byte = '[0-9a-fA-F]{1,2}';
const group = '[0-9a-fA-F]{1,4}';

/**
 * The longest match wins, the first of equally long ones: libpcap's scanner works so, and it is why `2:2` is three
 * tokens, `1:2:3:4:5:6` one, and twelve octal digits a MAC address.
 */
const rules: readonly (readonly [Rule, RegExp])[] = [
  ['short-mac', new RegExp(`\\$${byte}`, 'y')],
  ['mac', new RegExp([':', '-', '\\.'].map((separator) => `${byte}(?:${separator}${byte}){5}`).join('|'), 'y')],
  ['mac', /[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}\.[0-9a-fA-F]{4}|[0-9a-fA-F]{12}/y],
  ['number', new RegExp(number, 'y')],
  ['ipv4', new RegExp(`${number}(?:\\.${number}){1,3}`, 'y')],
  ...ipv6Patterns().map((pattern): [Rule, RegExp] => ['ipv6', new RegExp(pattern, 'y')]),
  ['broken-mac', new RegExp(`${byte}:+(?:${byte}:+)+`, 'y')],
  ['name', /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y],
  ['escaped', /\\[^ !()\n\t]+/y],
  ['set', /@[A-Za-z0-9_](?:[-_.A-Za-z0-9]*[_A-Za-z0-9])?/y],
];

/** Every form of an IPv6 address by how many groups stand on each side of `::`. */
function ipv6Patterns(): readonly string[] {
  const dotted = `${number}(?:\\.${number}){3}`;
  const groups = (count: number): string => (count === 0 ? '' : `${group}(?::${group}){${count - 1}}`);
  const patterns = [groups(8), `${groups(6)}:${dotted}`];
  for (let before = 0; before <= 7; before++) {
    for (let after = 0; before + after <= 7; after++) {
      patterns.push(`${groups(before)}::${groups(after)}`);
      if (before + after <= 5) patterns.push(`${groups(before)}::${after === 0 ? '' : `${groups(after)}:`}${dotted}`);
    }
  }
  return patterns;
}

const symbolPattern = /&&|\|\||<<|>>|<=|>=|!=|==|[-+*/%:[\]!<>()&|^=]/y;
const spacePattern = /[ \r\n\t]+/y;
const startOfIpv6 = /[0-9a-fA-F]{0,4}:[0-9a-fA-F:]/y;

/**
 * The tokens of a filter, an `end` token last. Linear in the text's length.
 * @throws DiagnosticError
 */
export function tokenize(source: Source): readonly Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchLength(spacePattern, text, at);
    if (at === text.length) break;
    const token = tokenAt(source, at);
    tokens.push(token);
    at = token.span.end;
  }
  tokens.push({ kind: 'end', text: '', span: { source, start: text.length, end: text.length } });
  return tokens;
}

function matchLength(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

function tokenAt(source: Source, start: number): Token {
  const { text } = source;
  const longest = longestMatch(text, start);
  const symbolLength = matchLength(symbolPattern, text, start);
  if (symbolLength > longest.length) return symbolToken(source, start, symbolLength);
  if (longest.rule === undefined) {
    const character = String.fromCodePoint(text.codePointAt(start) as number);
    return diagnostics.fail(
      diagnostics.unexpectedCharacter({ source, start, end: start + character.length }, character),
    );
  }
  return ruleToken(longest.rule, text.slice(start, start + longest.length), {
    source,
    start,
    end: start + longest.length,
  });
}

function longestMatch(text: string, start: number): { readonly rule: Rule | undefined; readonly length: number } {
  let rule: Rule | undefined;
  let length = 0;
  const mayBeIpv6 = matchLength(startOfIpv6, text, start) > 0;
  for (const [candidate, pattern] of rules) {
    if (candidate === 'ipv6' && !mayBeIpv6) continue;
    const matched = matchLength(pattern, text, start);
    if (matched > length) [rule, length] = [candidate, matched];
  }
  return { rule, length };
}

function symbolToken(source: Source, start: number, length: number): Token {
  const text = source.text.slice(start, start + length);
  const span = { source, start, end: start + length };
  switch (text) {
    case '&&':
      return { kind: 'word', word: { kind: 'and' }, text, span };
    case '||':
      return { kind: 'word', word: { kind: 'or' }, text, span };
    case '!':
      return { kind: 'word', word: { kind: 'not' }, text, span };
    case '==':
      return { kind: 'symbol', symbol: '=', text, span };
    default:
      return { kind: 'symbol', symbol: text as Symbol, text, span };
  }
}

function ruleToken(rule: Rule, text: string, span: Span): Token {
  switch (rule) {
    case 'number':
      return { kind: 'number', value: numberOf(text, span), text, span };
    case 'name':
      return nameToken(text, span);
    case 'escaped':
      return { kind: 'name', name: text.slice(1), text, span };
    case 'ipv4':
      return { kind: 'ipv4', text, span };
    case 'ipv6': {
      const address = parseIpv6(text);
      return address === undefined
        ? diagnostics.fail(diagnostics.invalidIpv6(span, text))
        : { kind: 'ipv6', address, text, span };
    }
    case 'mac': {
      const address = parseMac(text);
      return address === undefined
        ? diagnostics.fail(diagnostics.invalidMac(span, text))
        : { kind: 'mac', address, text, span };
    }
    case 'broken-mac':
      return diagnostics.fail(diagnostics.invalidMac(span, text));
    case 'short-mac':
      return { kind: 'short-mac', text, span };
    case 'set':
      return { kind: 'set', name: text.slice(1), text, span };
  }
}

function nameToken(text: string, span: Span): Token {
  const word = words.get(text);
  if (word !== undefined) return { kind: 'word', word, text, span };
  const value = namedNumbers.get(text);
  return value === undefined ? { kind: 'name', name: text, text, span } : { kind: 'number', value, text, span };
}

function numberOf(text: string, span: Span): number {
  const parsed = parseNumber(text);
  switch (parsed.kind) {
    case 'value':
      return parsed.value;
    case 'not-octal':
      return diagnostics.fail(diagnostics.numberNotOctal(span, text));
    case 'overflow':
    case 'not-a-number':
      return diagnostics.fail(diagnostics.numberTooLarge(span, text));
  }
}

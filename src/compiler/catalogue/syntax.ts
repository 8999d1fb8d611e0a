import { textOf, type Span } from '../../ir/span.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { visible } from '../render.ts';
import { didYouMean } from '../suggestion.ts';
import { words } from '../words.ts';
import { error, quoted } from './make.ts';

/** Text that is no filter: characters, tokens, structure. */

export function unexpectedCharacter(span: Span, character: string): Diagnostic {
  const help =
    character === '"' || character === "'"
      ? 'quotes are for the shell; the filter itself needs none'
      : character === ','
        ? "lists are written with 'or': port 80 or 443"
        : character === '#'
          ? 'the language has no comments'
          : undefined;
  return error('unexpected-character', span, `unexpected character ${quoted(character)}`, help);
}

export function numberTooLarge(span: Span, text: string): Diagnostic {
  return error('number-too-large', span, `the number ${quoted(text)} does not fit into 32 bits`);
}

export function numberNotOctal(span: Span, text: string): Diagnostic {
  const decimal = text.replace(/^0+/, '');
  return error(
    'number-not-octal',
    span,
    `${quoted(text)} is not a number: a leading 0 means octal, which has no digits 8 and 9`,
    decimal === '' ? undefined : `write ${decimal.slice(0, 20)} for the decimal number`,
  );
}

export function invalidIpv6(span: Span, text: string): Diagnostic {
  return error('invalid-ipv6-address', span, `invalid IPv6 address ${quoted(text)}`);
}

export function invalidMac(span: Span, text: string): Diagnostic {
  return error(
    'invalid-mac-address',
    span,
    `invalid MAC address ${quoted(text)}`,
    'six bytes, as in 00:11:22:aa:bb:cc',
  );
}

export function unexpectedEnd(span: Span, expected: string): Diagnostic {
  return error('unexpected-end', span, `the filter ends where ${expected} is expected`);
}

export function unexpectedToken(span: Span, text: string, expected: string): Diagnostic {
  return error('unexpected-token', span, `expected ${expected}, found ${quoted(text)}`);
}

export function unknownPrimitive(span: Span, text: string): Diagnostic {
  const lower = text.toLowerCase();
  const help = words.has(lower)
    ? `words of the language are lower case: ${lower}`
    : (didYouMean(text, [...words.keys()]) ?? `to match a host of that name, write: host ${visible(text)}`);
  return error('unknown-primitive', span, `${quoted(text)} is not a word of the filter language`, help);
}

/** @param before the word before the place, which may be misspelt, or lack a type behind it */
export function missingOperator(span: Span, text: string, before: string): Diagnostic {
  const help =
    /^(tcp|udp|sctp)$/.test(before) && /^[0-9]+$/.test(text)
      ? `write: ${before} port ${text}`
      : words.has(before)
        ? undefined
        : didYouMean(before, [...words.keys()]);
  return error('missing-operator', span, `expected 'and' or 'or' before ${quoted(text)}`, help);
}

export function nothingToInherit(span: Span, text: string): Diagnostic {
  const help = /^[0-9]+$/.test(text) ? `write: port ${text}` : `write: host ${visible(text)}`;
  return error(
    'nothing-to-inherit',
    span,
    `nothing says what ${quoted(text)} is compared with`,
    text.length > 60 ? undefined : help,
  );
}

export function valueExpected(span: Span, text: string, qualifiers: string): Diagnostic {
  return error(
    'value-expected',
    span,
    `expected a value for ${quoted(qualifiers)}, found ${quoted(text)}`,
    words.has(text) ? `to use the word ${quoted(text)} as a name, write: \\${text}` : undefined,
  );
}

export function valueListOnly(span: Span, text: string): Diagnostic {
  return error(
    'value-list-only',
    span,
    `parentheses that begin with a value hold only values, found ${quoted(text)}`,
    'repeat the qualifiers of the first value inside the parentheses',
  );
}

export function unclosedParenthesis(opening: Span): Diagnostic {
  return error('unclosed-parenthesis', opening, "this '(' is never closed");
}

export function unopenedParenthesis(span: Span): Diagnostic {
  return error('unopened-parenthesis', span, "this ')' closes nothing");
}

export function nestedTooDeep(span: Span, limit: number): Diagnostic {
  return error('nested-too-deep', span, `parentheses, indexes and signs are nested more than ${limit} deep`);
}

export function directionIncomplete(span: Span, direction: string, joiner: string): Diagnostic {
  const other = direction === 'src' ? 'dst' : 'src';
  return error(
    'direction-incomplete',
    span,
    `expected ${quoted(other)} after '${direction} ${joiner}'`,
    `write: ${direction} ${joiner} ${other}`,
  );
}

export function directionNotAllowed(span: Span, word: string): Diagnostic {
  return error('direction-not-allowed', span, `${quoted(word)} takes no direction`, "leave out 'src' and 'dst'");
}

export function comparisonExpected(span: Span): Diagnostic {
  return error('comparison-expected', span, 'a value by itself is no condition', 'compare it: =, !=, <, <=, > or >=');
}

export function comparisonChained(span: Span): Diagnostic {
  return error('comparison-chained', span, 'comparisons cannot be chained', "join two comparisons with 'and'");
}

export function shortNetwork(span: Span): Diagnostic {
  const text = textOf(span);
  return error(
    'short-network',
    span,
    `${quoted(text)} is no address, so it cannot have a prefix`,
    /^[0-9]{1,3}$/.test(text) ? `write: ${Number(text)}.0.0.0/...` : 'write all four numbers: 10.0.0.0/8',
  );
}

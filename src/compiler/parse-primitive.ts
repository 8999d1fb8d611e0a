import { coverSpans } from '../ir/span.ts';
import { nested, peek, peekSymbol, peekWord, take, takeSymbol, unexpected, type Cursor } from './cursor.ts';
import * as diagnostics from './diagnostics.ts';
import type { Symbol } from './lexer.ts';
import type { Primitive, WrittenNumber } from './syntax.ts';
import type { Encapsulation } from './words.ts';

/**
 * A primitive that begins with a word and takes no qualified value: `tcp`, `ether broadcast`, `vlan 7`, `less 100`.
 * @returns undefined at any other token
 */
export function parsePrimitive(cursor: Cursor): Primitive | undefined {
  const { span, text } = peek(cursor);
  const word = peekWord(cursor);
  switch (word?.kind) {
    case 'protocol':
      return parseProtocolPrimitive(cursor);
    case 'broadcast':
    case 'multicast':
      take(cursor);
      return { kind: word.kind, protocol: undefined, span };
    case 'less':
    case 'greater': {
      take(cursor);
      const length = parseNumber(cursor, 'a number of bytes');
      return { kind: word.kind, length: length.value, span: coverSpans(span, length.span) };
    }
    case 'byte':
      return parseByte(cursor);
    case 'inbound':
    case 'outbound':
      take(cursor);
      return { kind: word.kind, span };
    case 'ifindex': {
      take(cursor);
      const index = parseNumber(cursor, 'the index of an interface');
      return { kind: 'ifindex', index: index.value, span: coverSpans(span, index.span) };
    }
    case 'encapsulation':
      return parseEncapsulation(cursor, word.header);
    case 'llc':
      return parseLlc(cursor);
    case 'foreign':
      return diagnostics.fail(diagnostics.foreignPrimitive(span, text, word.of));
    default:
      return parseMark(cursor);
  }
}

/** `mark N`. Nothing reserves the word: without a number behind it, it is a name. */
function parseMark(cursor: Cursor): Primitive | undefined {
  const word = peek(cursor);
  if (word.kind !== 'name' || word.text !== 'mark' || peek(cursor, 1).kind !== 'number') return undefined;
  take(cursor);
  const mark = parseNumber(cursor, 'a number');
  return { kind: 'mark', mark: mark.value, span: coverSpans(word.span, mark.span) };
}

function parseProtocolPrimitive(cursor: Cursor): Primitive | undefined {
  const { span } = peek(cursor);
  const word = peekWord(cursor);
  if (word?.kind !== 'protocol') return undefined;
  take(cursor);
  const next = peek(cursor);
  const nextWord = peekWord(cursor);
  if (nextWord?.kind === 'broadcast' || nextWord?.kind === 'multicast') {
    take(cursor);
    return { kind: nextWord.kind, protocol: word.protocol, span: coverSpans(span, next.span) };
  }
  if (nextWord?.kind === 'foreign' && nextWord.of === '802.11') {
    diagnostics.fail(diagnostics.foreignPrimitive(next.span, next.text, nextWord.of));
  }
  return { kind: 'protocol', protocol: word.protocol, span };
}

function parseNumber(cursor: Cursor, expected: string): WrittenNumber {
  const token = peek(cursor);
  if (token.kind !== 'number') return unexpected(cursor, expected);
  take(cursor);
  return { kind: 'number', value: token.value, span: token.span };
}

const byteOperators: ReadonlySet<Symbol> = new Set<Symbol>(['=', '<', '>', '&', '|']);

function parseByte(cursor: Cursor): Primitive {
  const { span } = take(cursor);
  const offset = parseNumber(cursor, 'the offset of a byte');
  const operator = peekSymbol(cursor);
  if (operator === undefined || !byteOperators.has(operator)) return unexpected(cursor, 'one of = < > & |');
  take(cursor);
  const value = parseNumber(cursor, 'a number');
  return {
    kind: 'byte',
    offset: offset.value,
    operator: operator as '=' | '<' | '>' | '&' | '|',
    value,
    span: coverSpans(span, value.span),
  };
}

function parseEncapsulation(cursor: Cursor, header: Encapsulation): Primitive {
  const { span } = take(cursor);
  const takesIdentifier = header !== 'pppoed' && (peek(cursor).kind === 'number' || peekSymbol(cursor) === '(');
  const identifier = takesIdentifier ? parseIdentifier(cursor) : undefined;
  return {
    kind: 'encapsulation',
    header,
    identifier,
    span: identifier === undefined ? span : coverSpans(span, identifier.span),
  };
}

/** A number in any number of parentheses. */
function parseIdentifier(cursor: Cursor): WrittenNumber {
  const opening = takeSymbol(cursor, '(');
  if (opening === undefined) return parseNumber(cursor, 'a number');
  const inside = nested(cursor, () => parseIdentifier(cursor));
  const closing = takeSymbol(cursor, ')');
  if (closing === undefined) return unexpected(cursor, "')'");
  return { ...inside, span: coverSpans(opening.span, closing.span) };
}

function parseLlc(cursor: Cursor): Primitive {
  const { span } = take(cursor);
  const type = peek(cursor);
  const name = llcTypeName(cursor);
  if (name === undefined) return { kind: 'llc', type: undefined, span };
  take(cursor);
  return { kind: 'llc', type: { kind: 'name', name, span: type.span }, span: coverSpans(span, type.span) };
}

/** `rnr` is a word of the packet filter log's too; behind `llc` it is a kind of frame. */
function llcTypeName(cursor: Cursor): string | undefined {
  const token = peek(cursor);
  if (token.kind === 'name') return token.name;
  return token.text === 'rnr' || token.text === 'rulenum' ? 'rnr' : undefined;
}

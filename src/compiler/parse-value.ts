import { coverSpans, type Span } from '../ir/span.ts';
import { peek, peekSymbol, peekWord, take, takeSymbol, unexpected, type Cursor } from './cursor.ts';
import * as diagnostics from './diagnostics.ts';
import type { Written, WrittenNumber } from './syntax.ts';

/** Whether the next token can only be a value. Numbers may also begin an arithmetic expression. */
export function startsValue(cursor: Cursor): boolean {
  switch (peek(cursor).kind) {
    case 'number':
    case 'name':
    case 'ipv4':
    case 'ipv6':
    case 'mac':
    case 'short-mac':
    case 'set':
      return true;
    default:
      return false;
  }
}

/** A value, at a token for which `startsValue` is true. */
export function parseValue(cursor: Cursor): Written {
  const token = take(cursor);
  const { span } = token;
  switch (token.kind) {
    case 'number':
      if (peekSymbol(cursor) === '/') diagnostics.fail(diagnostics.shortNetwork(span));
      return { kind: 'number', value: token.value, span };
    case 'name':
      return { kind: 'name', name: token.name, span };
    case 'ipv4':
      return parseIpv4Value(cursor, token.text, span);
    case 'ipv6': {
      const prefix = parsePrefixLength(cursor, span);
      return prefix === undefined
        ? { kind: 'ipv6', address: token.address, span }
        : { kind: 'ipv6-prefix', address: token.address, length: prefix.value, span: prefix.span };
    }
    case 'mac':
      return { kind: 'mac', address: token.address, span };
    case 'short-mac':
      return { kind: 'short-mac', span };
    case 'set':
      return { kind: 'set', name: token.name, span };
    default:
      cursor.position--;
      return unexpected(cursor, 'a value');
  }
}

function parseIpv4Value(cursor: Cursor, address: string, span: Span): Written {
  const prefix = parsePrefixLength(cursor, span);
  if (prefix !== undefined) return { kind: 'ipv4-prefix', address, length: prefix.value, span: prefix.span };
  if (peekWord(cursor)?.kind !== 'mask') return { kind: 'ipv4', address, span };
  take(cursor);
  const mask = peek(cursor);
  if (mask.kind !== 'ipv4') return unexpected(cursor, 'a mask, as in 255.255.255.0,');
  take(cursor);
  return { kind: 'ipv4-mask', address, mask: mask.text, span: coverSpans(span, mask.span) };
}

/** `/24`: its value, with a span that covers the address before it. */
function parsePrefixLength(cursor: Cursor, address: Span): WrittenNumber | undefined {
  if (takeSymbol(cursor, '/') === undefined) return undefined;
  const length = peek(cursor);
  if (length.kind !== 'number') return unexpected(cursor, 'the length of a prefix');
  take(cursor);
  return { kind: 'number', value: length.value, span: coverSpans(address, length.span) };
}

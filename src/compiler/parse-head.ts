import { coverSpans, type Span } from '../ir/span.ts';
import { peek, peekWord, take, unexpected, type Cursor } from './cursor.ts';
import * as diagnostics from './diagnostics.ts';
import type { Protocol } from './protocols.ts';
import type { Direction, Qualifiers, ValueType } from './qualifiers.ts';

/** The words before a value, `tcp dst port`: protocol, direction, type, each optional, in that order. */
export function parseQualifiers(cursor: Cursor): Qualifiers {
  const first = peek(cursor).span;
  const protocol = parseProtocol(cursor);
  const direction = parseDirection(cursor);
  const type = parseType(cursor, direction);
  return { protocol, direction, type, span: coverSpans(first, previousSpan(cursor)) };
}

/** Whether qualifiers with a value behind them begin here, rather than a protocol that is a condition by itself. */
export function startsQualifiers(cursor: Cursor): boolean {
  const ahead = peekWord(cursor)?.kind === 'protocol' ? 1 : 0;
  const kind = peekWord(cursor, ahead)?.kind;
  return kind === 'direction' || kind === 'wireless-direction' || kind === 'type';
}

function previousSpan(cursor: Cursor): Span {
  return peek(cursor, -1).span;
}

function parseProtocol(cursor: Cursor): Protocol | undefined {
  const word = peekWord(cursor);
  if (word?.kind !== 'protocol') return undefined;
  take(cursor);
  return word.protocol;
}

function parseDirection(cursor: Cursor): Direction | undefined {
  const word = peekWord(cursor);
  if (word?.kind === 'wireless-direction') {
    const { span, text } = peek(cursor);
    diagnostics.fail(diagnostics.foreignPrimitive(span, text, '802.11'));
  }
  if (word?.kind !== 'direction') return undefined;
  take(cursor);
  const joiner = peekWord(cursor)?.kind;
  if (joiner !== 'and' && joiner !== 'or') return word.direction;
  const span = coverSpans(previousSpan(cursor), take(cursor).span);
  const other = peekWord(cursor);
  if (other?.kind !== 'direction' || other.direction === word.direction) {
    return diagnostics.fail(diagnostics.directionIncomplete(span, word.direction, joiner));
  }
  take(cursor);
  return `src ${joiner} dst`;
}

function parseType(cursor: Cursor, direction: Direction | undefined): ValueType | undefined {
  const word = peekWord(cursor);
  if (word?.kind === 'direction' || word?.kind === 'protocol') return unexpected(cursor, 'a type or a value');
  if (word?.kind !== 'type') return undefined;
  const { span, text } = peek(cursor);
  const takesDirection = word.type !== 'gateway' && word.type !== 'proto' && word.type !== 'protochain';
  if (direction !== undefined && !takesDirection) diagnostics.fail(diagnostics.directionNotAllowed(span, text));
  take(cursor);
  return word.type;
}

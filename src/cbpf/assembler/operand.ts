import type { Span } from '../../ir/span.ts';
import { extensions, type Extension } from '../extension.ts';
import { accept, expect, peek, spanSince, take, unexpected, type Cursor } from './cursor.ts';
import { StatementError } from './diagnostic.ts';
import type { Token } from './tokens.ts';

/** What may stand behind a mnemonic. */
export type Operand = OperandForm & { readonly span: Span };

export type OperandForm =
  /** `#k` */
  | { readonly kind: 'literal'; readonly value: number }
  /** `[k]` */
  | { readonly kind: 'absolute'; readonly offset: number }
  /** `[x + k]` */
  | { readonly kind: 'indirect'; readonly offset: number }
  /** `M[k]` */
  | { readonly kind: 'scratch'; readonly cell: number }
  /** `4*([k]&0xf)` */
  | { readonly kind: 'mem-shift'; readonly offset: number }
  /** `#len`, also without `#` and as `#pktlen` */
  | { readonly kind: 'length' }
  /** `#proto` and the like, also without `#` */
  | { readonly kind: 'extension'; readonly extension: Extension }
  /** `x` or `%x` */
  | { readonly kind: 'index' }
  /** `a` or `%a` */
  | { readonly kind: 'accumulator' };

/** Names that stand for numbers, `ETHERTYPE_IP` say. */
export type Constants = ReadonlyMap<string, number>;

/** @throws StatementError */
export function parseOperand(cursor: Cursor, constants: Constants): Operand {
  const first = peek(cursor);
  const form = parseForm(cursor, constants);
  return { ...form, span: spanSince(cursor, first) };
}

function parseForm(cursor: Cursor, constants: Constants): OperandForm {
  if (accept(cursor, '#')) return named(peek(cursor), cursor) ?? literal(parseNumber(cursor, constants));
  if (accept(cursor, '[')) return parseOffset(cursor, constants);
  if (accept(cursor, '%')) {
    if (accept(cursor, 'x')) return { kind: 'index' };
    if (accept(cursor, 'a')) return { kind: 'accumulator' };
    throw unexpected(cursor, 'x or a');
  }
  if (accept(cursor, 'x')) return { kind: 'index' };
  if (accept(cursor, 'a')) return { kind: 'accumulator' };
  if (accept(cursor, 'M')) {
    expect(cursor, '[');
    const cell = parseNumber(cursor, constants);
    expect(cursor, ']');
    return { kind: 'scratch', cell };
  }
  if (accept(cursor, '4')) return parseMemShift(cursor, constants);
  const name = named(peek(cursor), cursor);
  if (name === undefined) throw unexpected(cursor, 'an operand');
  return name;
}

function literal(value: number): OperandForm {
  return { kind: 'literal', value };
}

/** The rest of `[k]` or `[x + k]`; listings write negative numbers behind the `+`. */
function parseOffset(cursor: Cursor, constants: Constants): OperandForm {
  accept(cursor, '%');
  const indirect = accept(cursor, 'x');
  if (indirect && peek(cursor).text !== '-') expect(cursor, '+');
  const offset = parseNumber(cursor, constants);
  expect(cursor, ']');
  return indirect ? { kind: 'indirect', offset } : { kind: 'absolute', offset };
}

/** The rest of `4*([k]&0xf)`. */
function parseMemShift(cursor: Cursor, constants: Constants): OperandForm {
  expect(cursor, '*', '(', '[');
  const offset = parseNumber(cursor, constants);
  expect(cursor, ']', '&');
  const mask = peek(cursor);
  if (parseNumber(cursor, constants) !== 0xf) throw new StatementError('the mask of ldxb is always 0xf', mask.span);
  expect(cursor, ')');
  return { kind: 'mem-shift', offset };
}

/** The length or an extension. */
function named(token: Token, cursor: Cursor): OperandForm | undefined {
  const form = names.get(token.text);
  if (form !== undefined) take(cursor);
  return form;
}

const names: ReadonlyMap<string, OperandForm> = new Map<string, OperandForm>([
  ['len', { kind: 'length' }],
  ['pktlen', { kind: 'length' }],
  ...extensions.flatMap(({ name, listing, assembler }) =>
    [listing, assembler].map((text): [string, OperandForm] => [text, { kind: 'extension', extension: name }]),
  ),
  // bpf_asm knows two words for it.
  ['vlan_pr', { kind: 'extension', extension: 'vlan-present' }],
]);

/** A number or the name of one, with a sign; modulo 2^32. */
export function parseNumber(cursor: Cursor, constants: Constants): number {
  const negative = accept(cursor, '-');
  if (!negative) accept(cursor, '+');
  const token = peek(cursor);
  const value = token.kind === 'word' ? constants.get(token.text) : numberOf(token);
  if (value === undefined) {
    if (token.kind === 'word') throw new StatementError(`unknown name ${token.text}`, token.span);
    throw unexpected(cursor, 'a number');
  }
  take(cursor);
  if (value > (negative ? 0x80000000 : 0xffffffff)) {
    throw new StatementError(`${token.text} does not fit 32 bits`, token.span);
  }
  return (negative ? -value : value) >>> 0;
}

/** Decimal, 0x hexadecimal, 0b binary, or octal behind a 0. */
function numberOf({ kind, text }: Token): number | undefined {
  if (kind !== 'number') return undefined;
  if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  return /^(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+|0[bB][01]+)$/.test(text) ? Number(text) : undefined;
}

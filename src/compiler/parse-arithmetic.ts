import { coverSpans } from '../ir/span.ts';
import { nested, peek, peekSymbol, peekWord, take, takeSymbol, unexpected, type Cursor } from './cursor.ts';
import * as diagnostics from './diagnostics.ts';
import type { Symbol, Token } from './lexer.ts';
import type { Protocol } from './protocols.ts';
import type { Arithmetic, ArithmeticOperator, Relation } from './syntax.ts';

/** How tightly an operator binds. `%` and `^` are missing on purpose: see `continueArithmetic`. */
const precedence: Partial<Record<Symbol, number>> = {
  '|': 1,
  '&': 2,
  '<<': 3,
  '>>': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
};

const relations: ReadonlySet<Symbol> = new Set<Relation>(['>', '>=', '=', '<=', '<', '!=']);

export function peekArithmeticOperator(cursor: Cursor): ArithmeticOperator | undefined {
  const symbol = peekSymbol(cursor);
  if (symbol === '%' || symbol === '^') return symbol;
  return symbol !== undefined && precedence[symbol] !== undefined ? (symbol as ArithmeticOperator) : undefined;
}

export function peekRelation(cursor: Cursor): Relation | undefined {
  const symbol = peekSymbol(cursor);
  return symbol !== undefined && relations.has(symbol) ? (symbol as Relation) : undefined;
}

/** Whether an arithmetic expression begins here that cannot be anything else (a number or `(` may be). */
export function startsArithmetic(cursor: Cursor): boolean {
  const word = peekWord(cursor);
  if (word?.kind === 'length' || peekSymbol(cursor) === '-') return true;
  return word?.kind === 'protocol' && peekSymbol(cursor, 1) === '[';
}

export function parseArithmetic(cursor: Cursor, lowest = 0): Arithmetic {
  return continueArithmetic(cursor, parseUnary(cursor), lowest);
}

/**
 * The rest of an expression whose first operand is read.
 *
 * Operators group as in C, with two exceptions that libpcap's grammar makes and that filters in use rely on: `%` and
 * `^` bind tighter than whatever stands on their left, and take everything on their right: `1 + a % b + c` is
 * `1 + (a % (b + c))`.
 */
export function continueArithmetic(cursor: Cursor, first: Arithmetic, lowest = 0): Arithmetic {
  let left = first;
  for (;;) {
    const operator = peekArithmeticOperator(cursor);
    if (operator === undefined) return left;
    const binding = precedence[operator];
    if (binding !== undefined && binding < lowest) return left;
    take(cursor);
    // `a % b % c` nests to the right without end, so it counts as nesting.
    const right =
      binding === undefined ? nested(cursor, () => parseArithmetic(cursor, 0)) : parseArithmetic(cursor, binding + 1);
    left = { kind: 'operation', operator, left, right, span: coverSpans(left.span, right.span) };
  }
}

function parseUnary(cursor: Cursor): Arithmetic {
  const token = peek(cursor);
  if (token.kind === 'number') {
    take(cursor);
    return { kind: 'number', value: token.value, span: token.span };
  }
  if (peekSymbol(cursor) === '(') {
    const opening = take(cursor);
    const inside = nested(cursor, () => parseArithmetic(cursor));
    const closing = takeSymbol(cursor, ')');
    if (closing === undefined) return unexpected(cursor, "an operator or ')'");
    return { ...inside, span: coverSpans(opening.span, closing.span) };
  }
  if (startsArithmetic(cursor)) return parseArithmeticStart(cursor);
  return unexpected(cursor, 'a number');
}

/** An operand of which `startsArithmetic` is true. */
export function parseArithmeticStart(cursor: Cursor): Arithmetic {
  const token = take(cursor);
  if (token.kind === 'word' && token.word.kind === 'protocol') return parseAccessor(cursor, token.word.protocol, token);
  if (token.kind === 'word') return { kind: 'length', span: token.span };
  // The sign binds tighter than every operator with a precedence; `%` and `^` have none and go inside.
  const operand = nested(cursor, () => parseArithmetic(cursor, Number.POSITIVE_INFINITY));
  return { kind: 'negation', operand, span: coverSpans(token.span, operand.span) };
}

function parseAccessor(cursor: Cursor, protocol: Protocol, name: Token): Arithmetic {
  take(cursor);
  const index = nested(cursor, () => parseArithmetic(cursor));
  const size = takeSymbol(cursor, ':') === undefined ? 1 : parseSize(cursor);
  const closing = takeSymbol(cursor, ']');
  if (closing === undefined) return unexpected(cursor, "an operator or ']'");
  return { kind: 'accessor', protocol, index, size, span: coverSpans(name.span, closing.span) };
}

function parseSize(cursor: Cursor): 1 | 2 | 4 {
  const token = peek(cursor);
  if (token.kind !== 'number') return unexpected(cursor, 'a size of 1, 2 or 4');
  take(cursor);
  const { value } = token;
  if (value !== 1 && value !== 2 && value !== 4) return diagnostics.fail(diagnostics.accessSize(token.span, value));
  return value;
}

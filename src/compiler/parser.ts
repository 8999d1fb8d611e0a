import { coverSpans, type Source, type Span } from '../ir/span.ts';
import { nested, peek, peekSymbol, peekWord, take, takeSymbol, unexpected, type Cursor } from './cursor.ts';
import * as diagnostics from './diagnostics.ts';
import { tokenize } from './lexer.ts';
import {
  continueArithmetic,
  parseArithmetic,
  parseArithmeticStart,
  peekRelation,
  startsArithmetic,
} from './parse-arithmetic.ts';
import { parseQualifiers, startsQualifiers } from './parse-head.ts';
import { parsePrimitive } from './parse-primitive.ts';
import { parseValue, startsValue } from './parse-value.ts';
import type { Qualifiers } from './qualifiers.ts';
import { spanOf, type Arithmetic, type Expression, type ScopeName } from './syntax.ts';

/**
 * Where an operand stands: whose qualifiers a value without any takes over, and what may stand there.
 *
 * - `clause`: at the beginning of the filter or of parentheses around clauses. There is nothing to inherit from.
 * - `clause or value`: behind `and` or `or`.
 * - `value`: behind qualifiers, and in parentheses that began with a value.
 */
interface Context {
  readonly accepts: 'clause' | 'clause or value' | 'value';
  readonly inherited: Qualifiers | undefined;
}

type Operand =
  /** A whole condition; `qualifiers` are what a value behind it inherits. */
  | { readonly kind: 'clause'; readonly expression: Expression; readonly qualifiers: Qualifiers | undefined }
  /** Values with the qualifiers of their context. */
  | { readonly kind: 'value'; readonly expression: Expression }
  /** Not yet a condition: a comparison or, for a plain number, the context decides what becomes of it. */
  | { readonly kind: 'arithmetic'; readonly arithmetic: Arithmetic };

/**
 * The syntax tree of a filter, or undefined for one without words, which matches everything.
 *
 * `and` and `or` have the same precedence and group to the left; `not` binds tightest. A value behind `and`, `or` or
 * `not` without qualifiers takes those of its left neighbour: `tcp dst port 80 or 443`. They do not reach past a
 * primitive without qualifiers, nor out of parentheses.
 * @throws DiagnosticError
 */
export function parse(source: Source): Expression | undefined {
  const cursor: Cursor = { tokens: tokenize(source), position: 0, depth: 0 };
  if (peek(cursor).kind === 'end') return undefined;
  const context: Context = { accepts: 'clause', inherited: undefined };
  const expression = parseClauses(cursor, requireCondition(parseOperand(cursor, context), context));
  if (peekSymbol(cursor) === ')') diagnostics.fail(diagnostics.unopenedParenthesis(peek(cursor).span));
  if (peek(cursor).kind !== 'end') failBetweenClauses(cursor);
  return expression;
}

type Condition = Exclude<Operand, { readonly kind: 'arithmetic' }>;

/** Two conditions stand side by side, or what follows is no continuation of the first. */
function failBetweenClauses(cursor: Cursor): never {
  const { span, text } = peek(cursor);
  if (peekRelation(cursor) !== undefined) diagnostics.fail(diagnostics.comparisonChained(span));
  if (peekSymbol(cursor) !== undefined) return unexpected(cursor, "'and' or 'or'");
  return diagnostics.fail(diagnostics.missingOperator(span, text, peek(cursor, -1).text));
}

/** What is joined so far; `run` is the list of operands that `expression` ends with, while the operator is the same. */
interface Joined {
  expression: Expression;
  run: { readonly kind: 'and' | 'or'; readonly operands: Expression[] } | undefined;
}

function join(joined: Joined, kind: 'and' | 'or', operand: Expression): void {
  if (joined.run?.kind === kind) joined.run.operands.push(operand);
  else joined.expression = joined.run = { kind, operands: [joined.expression, operand] };
}

/** `first` and all operands joined to it. */
function parseClauses(cursor: Cursor, first: Condition): Expression {
  const joined: Joined = { expression: first.expression, run: undefined };
  let qualifiers = first.kind === 'clause' ? first.qualifiers : undefined;
  for (let kind = takeJoiner(cursor); kind !== undefined; kind = takeJoiner(cursor)) {
    const context: Context = { accepts: 'clause or value', inherited: qualifiers };
    const operand = requireCondition(parseOperand(cursor, context), context);
    join(joined, kind, operand.expression);
    if (operand.kind === 'clause') qualifiers = operand.qualifiers;
  }
  return joined.expression;
}

function takeJoiner(cursor: Cursor): 'and' | 'or' | undefined {
  const kind = peekWord(cursor)?.kind;
  if (kind !== 'and' && kind !== 'or') return undefined;
  take(cursor);
  return kind;
}

/** An operand that must be a condition by itself; a plain number is one where values are accepted. */
function requireCondition(operand: Operand, context: Context): Condition {
  if (operand.kind !== 'arithmetic') return operand;
  const { arithmetic } = operand;
  if (arithmetic.kind === 'operation' && arithmetic.operator === '/' && arithmetic.left.kind === 'number') {
    diagnostics.fail(diagnostics.shortNetwork(arithmetic.left.span));
  }
  if (arithmetic.kind !== 'number') return diagnostics.fail(diagnostics.comparisonExpected(arithmetic.span));
  return { kind: 'value', expression: matchOf(arithmetic, context) };
}

function matchOf(value: ReturnType<typeof parseValue>, context: Context): Expression {
  const { inherited } = context;
  if (inherited === undefined) {
    const { source, start, end } = value.span;
    return diagnostics.fail(diagnostics.nothingToInherit(value.span, source.text.slice(start, end)));
  }
  return { kind: 'match', qualifiers: inherited, value, span: value.span };
}

/** One operand of `and` or `or`, with all the `not`s before it. */
function parseOperand(cursor: Cursor, context: Context): Operand {
  const start = peek(cursor).span;
  let negations = 0;
  while (peekWord(cursor)?.kind === 'not') {
    take(cursor);
    negations++;
  }
  const operand = parseComparison(cursor, context);
  if (negations === 0) return operand;
  const condition = requireCondition(operand, context);
  if (negations % 2 === 0) return condition;
  const { expression } = condition;
  return {
    ...condition,
    expression: { kind: 'not', operand: expression, span: coverSpans(start, spanOf(expression)) },
  };
}

/** An operand without `not`; where it is arithmetic, the rest of it and the comparison. */
function parseComparison(cursor: Cursor, context: Context): Operand {
  const operand = parseSimple(cursor, context);
  if (operand.kind !== 'arithmetic') return operand;
  const left = continueArithmetic(cursor, operand.arithmetic);
  const relation = peekRelation(cursor);
  if (relation === undefined) return { kind: 'arithmetic', arithmetic: left };
  take(cursor);
  const right = parseArithmetic(cursor);
  const span = coverSpans(left.span, right.span);
  return { kind: 'clause', expression: { kind: 'relation', relation, left, right, span }, qualifiers: undefined };
}

function parseSimple(cursor: Cursor, context: Context): Operand {
  if (peekSymbol(cursor) === '(') return parseParenthesised(cursor, context);
  if (context.accepts === 'value') return parseOnlyValue(cursor, context);
  const token = peek(cursor);
  if (token.kind === 'number') {
    take(cursor);
    return { kind: 'arithmetic', arithmetic: { kind: 'number', value: token.value, span: token.span } };
  }
  if (startsArithmetic(cursor)) return { kind: 'arithmetic', arithmetic: parseArithmeticStart(cursor) };
  if (startsQualifiers(cursor)) return parseQualified(cursor);
  const primitive = parsePrimitive(cursor);
  if (primitive !== undefined) return { kind: 'clause', expression: primitive, qualifiers: undefined };
  if (startsScope(cursor)) return parseScope(cursor);
  if (startsValue(cursor)) return parseBareValue(cursor, context);
  return unexpected(cursor, 'a condition');
}

const scopes: ReadonlySet<string> = new Set<ScopeName>(['anyvlan', 'ext', 'inner']);

/** `ext (`. Nothing reserves these words: without the parenthesis they are names. */
function startsScope(cursor: Cursor): boolean {
  const { kind, text } = peek(cursor);
  return kind === 'name' && scopes.has(text) && peekSymbol(cursor, 1) === '(';
}

function parseScope(cursor: Cursor): Operand {
  const { text, span } = take(cursor);
  const inside: Context = { accepts: 'clause', inherited: undefined };
  const { expression } = requireCondition(parseParenthesised(cursor, inside), inside);
  const whole = coverSpans(span, peek(cursor, -1).span);
  return {
    kind: 'clause',
    expression: { kind: 'scope', scope: text as ScopeName, operand: expression, span: whole },
    qualifiers: undefined,
  };
}

/** A value at the place of a clause: it needs a left neighbour to inherit from. */
function parseBareValue(cursor: Cursor, context: Context): Operand {
  const token = peek(cursor);
  if (context.inherited === undefined && token.kind === 'name') {
    diagnostics.fail(diagnostics.unknownPrimitive(token.span, token.name));
  }
  return { kind: 'value', expression: matchOf(parseValue(cursor), context) };
}

function parseOnlyValue(cursor: Cursor, context: Context): Operand {
  if (!startsValue(cursor)) return failForValue(cursor, context.inherited?.span);
  return { kind: 'value', expression: matchOf(parseValue(cursor), context) };
}

function failForValue(cursor: Cursor, qualifiers: Span | undefined): never {
  const { kind, span, text } = peek(cursor);
  if (kind === 'end' || qualifiers === undefined) return unexpected(cursor, 'a value');
  const written = qualifiers.source.text.slice(qualifiers.start, qualifiers.end);
  return diagnostics.fail(diagnostics.valueExpected(span, text, written));
}

/** `tcp dst port 80`: qualifiers and one value, or several in parentheses. */
function parseQualified(cursor: Cursor): Operand {
  const qualifiers = parseQualifiers(cursor);
  const context: Context = { accepts: 'value', inherited: qualifiers };
  const { expression } = requireCondition(parseOperand(cursor, context), context);
  const whole =
    expression.kind === 'match' ? { ...expression, span: coverSpans(qualifiers.span, expression.span) } : expression;
  return { kind: 'clause', expression: whole, qualifiers };
}

/**
 * Parentheses hold clauses, values or arithmetic; the first operand inside says which. Around clauses they give back
 * the qualifiers from before them: in `host a and (port 80 or 443) and b`, `b` is a host.
 */
function parseParenthesised(cursor: Cursor, context: Context): Operand {
  const opening = take(cursor);
  return nested(cursor, () => {
    const first = parseOperand(cursor, context);
    if (first.kind === 'arithmetic' && peekSymbol(cursor) === ')' && context.accepts !== 'value') {
      const { span } = take(cursor);
      return { kind: 'arithmetic', arithmetic: { ...first.arithmetic, span: coverSpans(opening.span, span) } };
    }
    const condition = requireCondition(first, context);
    const expression =
      condition.kind === 'value' ? parseValues(cursor, condition.expression, context) : parseClauses(cursor, condition);
    closeParenthesis(cursor, opening.span, condition.kind);
    return condition.kind === 'value'
      ? { kind: 'value', expression }
      : { kind: 'clause', expression, qualifiers: context.inherited };
  });
}

/** The values joined to a first one in parentheses. */
function parseValues(cursor: Cursor, first: Expression, outer: Context): Expression {
  const context: Context = { accepts: 'value', inherited: outer.inherited };
  const joined: Joined = { expression: first, run: undefined };
  for (let kind = takeJoiner(cursor); kind !== undefined; kind = takeJoiner(cursor)) {
    const { span, text, kind: next } = peek(cursor);
    if (next === 'word' && peekWord(cursor)?.kind !== 'not') diagnostics.fail(diagnostics.valueListOnly(span, text));
    join(joined, kind, requireCondition(parseOperand(cursor, context), context).expression);
  }
  return joined.expression;
}

function closeParenthesis(cursor: Cursor, opening: Span, contents: Condition['kind']): void {
  if (takeSymbol(cursor, ')') !== undefined) return;
  const token = peek(cursor);
  if (token.kind === 'end') diagnostics.fail(diagnostics.unclosedParenthesis(opening));
  if (contents === 'clause') failBetweenClauses(cursor);
  unexpected(cursor, "'and', 'or' or ')'");
}

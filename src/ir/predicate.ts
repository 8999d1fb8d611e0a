import type { Span } from './span.ts';
import type { Test } from './test.ts';
import type { Value } from './value.ts';

/**
 * What a filter says, as a tree: the compiler's output before it becomes a graph. Operands are evaluated from left to
 * right and no further than needed; a failing test ends the whole evaluation, whatever stands around it.
 */
export type Predicate =
  | { readonly kind: 'test'; readonly test: Test; readonly span?: Span }
  | { readonly kind: 'constant'; readonly value: boolean; readonly span?: Span }
  | { readonly kind: 'not'; readonly operand: Predicate }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Predicate[] }
  /** Stores a value for the predicates after it on the same path, and is true (or fails). */
  | { readonly kind: 'assign'; readonly index: number; readonly value: Value; readonly span?: Span };

export function testing(test: Test, span?: Span): Predicate {
  return span === undefined ? { kind: 'test', test } : { kind: 'test', test, span };
}

export function always(value: boolean, span?: Span): Predicate {
  return span === undefined ? { kind: 'constant', value } : { kind: 'constant', value, span };
}

export function not(operand: Predicate): Predicate {
  if (operand.kind === 'not') return operand.operand;
  if (operand.kind === 'constant') return { ...operand, value: !operand.value };
  return { kind: 'not', operand };
}

export function assigning(index: number, value: Value, span?: Span): Predicate {
  return span === undefined ? { kind: 'assign', index, value } : { kind: 'assign', index, value, span };
}

/** All of them, in this order; of none: true. */
export function and(...operands: readonly Predicate[]): Predicate {
  return join('and', true, operands);
}

/** Any of them, tried in this order; of none: false. */
export function or(...operands: readonly Predicate[]): Predicate {
  return join('or', false, operands);
}

function join(kind: 'and' | 'or', neutral: boolean, operands: readonly Predicate[]): Predicate {
  const kept = operands.filter((operand) => !(operand.kind === 'constant' && operand.value === neutral));
  const [only] = kept;
  if (only === undefined) return always(neutral, operands.find((operand) => operand.kind === 'constant')?.span);
  return kept.length === 1 ? only : { kind, operands: kept };
}

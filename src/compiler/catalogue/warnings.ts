import { textOf, type Span } from '../../ir/span.ts';
import type { Diagnostic } from '../diagnostic.ts';
import { quoted, warning } from './make.ts';

/** Filters that compile, but may not be meant. */

export function neverMatches(span: Span): Diagnostic {
  return warning('never-matches', span, 'no packet can match this');
}

export function clausesExclude(first: Span, second: Span): Diagnostic {
  return warning(
    'never-matches',
    second,
    `no packet can match this: ${quoted(textOf(first))} and ${quoted(textOf(second))} exclude each other`,
    "for packets of either kind, join them with 'or'",
  );
}

/** @param encapsulation the primitive that moved the offsets */
export function shiftedClause(span: Span, encapsulation: Span): Diagnostic {
  return warning(
    'shifted-clause',
    span,
    `${quoted(textOf(encapsulation))} comes before this, so this is about what it carries, in all packets`,
    `put the part with ${quoted(textOf(encapsulation))} last to ask about other packets too`,
  );
}

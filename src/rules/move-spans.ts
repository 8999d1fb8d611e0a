import type { Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';

type Inner = Extract<Predicate, { readonly kind: 'and' | 'or' | 'not' }>;

/**
 * The predicate with its spans moved: a match is compiled as a text of its own, and stands somewhere in a policy file.
 * The first operands are followed in a loop, for there they nest as deep as the text is long (see `graphOf`).
 */
export function moveSpans(predicate: Predicate, move: (span: Span) => Span): Predicate {
  const spine: Inner[] = [];
  let innermost = predicate;
  while (isInner(innermost)) {
    spine.push(innermost);
    innermost = innermost.kind === 'not' ? innermost.operand : (innermost.operands[0] as Predicate);
  }
  let moved: Predicate = innermost.span === undefined ? innermost : { ...innermost, span: move(innermost.span) };
  for (const outer of spine.reverse()) {
    moved =
      outer.kind === 'not'
        ? { kind: 'not', operand: moved }
        : {
            kind: outer.kind,
            operands: [moved, ...outer.operands.slice(1).map((operand) => moveSpans(operand, move))],
          };
  }
  return moved;
}

function isInner(predicate: Predicate): predicate is Inner {
  return predicate.kind === 'and' || predicate.kind === 'or' || predicate.kind === 'not';
}

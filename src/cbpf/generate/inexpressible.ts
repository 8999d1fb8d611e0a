import type { Span } from '../../ir/span.ts';
import type { MetadataField } from '../../ir/value.ts';
import { verdictKey, type Verdict } from '../../ir/verdict.ts';
import { mostInstructions, scratchCells } from '../check.ts';

/** What classic BPF cannot express. */
export type Reason =
  | { readonly kind: 'too-long'; readonly count: number }
  | { readonly kind: 'scratch' }
  | { readonly kind: 'metadata'; readonly field: MetadataField }
  | { readonly kind: 'failure' }
  | { readonly kind: 'presence' }
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  | { readonly kind: 'counter' };

/** Thrown by `generate`: this graph has no classic program for this target. */
export class InexpressibleError extends Error {
  readonly reason: Reason;
  /** The user's words that cannot be expressed; absent where it is the whole filter. */
  readonly span: Span | undefined;

  constructor(reason: Reason, span?: Span) {
    super(describe(reason));
    this.name = 'InexpressibleError';
    this.reason = reason;
    this.span = span;
  }
}

function describe(reason: Reason): string {
  switch (reason.kind) {
    case 'too-long':
      return `the filter needs ${reason.count} instructions; a classic program has at most ${mostInstructions}`;
    case 'scratch':
      return `the filter needs more than the ${scratchCells} scratch cells of a classic program`;
    case 'metadata':
      return `${reason.field} is known on a live socket only, not in a captured packet`;
    case 'failure':
      return 'a classic program ends at a load outside the packet; it cannot go on with another rule';
    case 'presence':
      return 'a classic program cannot ask whether bytes are present without ending where they are not';
    case 'table':
      return `a classic program cannot look up the live set ${reason.name}`;
    case 'verdict':
      return `a classic program says match or no match, not ${verdictKey(reason.verdict)}`;
    case 'counter':
      return 'a classic program cannot count';
  }
}

import type { LinkType } from '../ir/link-type.ts';
import { not, testing, type Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';
import { anyBit, compare, equal } from '../ir/test.ts';
import { bitAnd, type LoadSize, type Value } from '../ir/value.ts';
import * as diagnostics from './diagnostics.ts';
import { loadAt, networkHeader, type Layers } from './layers.ts';
import type { Names } from './names.ts';

/** Classic BPF has this many cells of scratch memory, and filters run there too. */
export const scratchCells = 16;

/** What lowering needs to know, and what it has found out so far, in the order of the text. */
export interface Lowering {
  readonly linkType: LinkType;
  readonly names: Names;
  readonly netmask: number | undefined;
  readonly live: boolean;
  /** Changed by primitives that name an encapsulation. */
  layers: Layers;
  /** Of the primitive that is being lowered: every test of its remembers it. */
  span: Span;
  /** The last primitive that changed `layers`. */
  encapsulation: Span | undefined;
  /** How many variables are in use. */
  variables: number;
}

export function newVariable(lowering: Lowering): number {
  if (lowering.variables === scratchCells) diagnostics.fail(diagnostics.tooManyVariables(lowering.span));
  return lowering.variables++;
}

export function isEqual(lowering: Lowering, left: Value, right: number): Predicate {
  return testing(equal(left, right), lowering.span);
}

export function isAbove(lowering: Lowering, left: Value, right: number): Predicate {
  return testing(compare('greater', left, right), lowering.span);
}

export function isAtLeast(lowering: Lowering, left: Value, right: number): Predicate {
  return testing(compare('greater-or-equal', left, right), lowering.span);
}

export function isAtMost(lowering: Lowering, left: Value, right: number): Predicate {
  return not(isAbove(lowering, left, right));
}

/** Whether the bits of `mask` have that value. A mask without bits still reads the field, which may fail. */
export function hasBits(lowering: Lowering, field: Value, mask: number, value: number): Predicate {
  return isEqual(lowering, mask === 0xffffffff ? field : bitAnd(field, mask), value);
}

export function hasAnyBit(lowering: Lowering, field: Value, mask: number): Predicate {
  return testing(anyBit(field, mask), lowering.span);
}

/** A field of the network header. */
export function networkField(lowering: Lowering, offset: number, size: LoadSize): Value {
  return loadAt(networkHeader(lowering.layers), offset, size);
}

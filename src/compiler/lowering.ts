import type { LinkType } from '../ir/link-type.ts';
import { not, testing, type Predicate } from '../ir/predicate.ts';
import type { Span } from '../ir/span.ts';
import type { TableReference } from '../ir/table.ts';
import { anyBit, compare, equal } from '../ir/test.ts';
import { bitAnd, lookup, type LoadSize, type Value } from '../ir/value.ts';
import * as diagnostics from './diagnostics.ts';
import { loadAt, networkHeader, type Layers } from './layers.ts';
import type { Names } from './names.ts';

/** Classic BPF has this many cells of scratch memory, and filters run there too. */
export const scratchCells = 16;

/** Where the headers lie, and what the tests of them come from: all that a test of a field needs to know. */
export interface Viewpoint {
  readonly layers: Layers;
  readonly span: Span;
}

/** What lowering needs to know, and what it has found out so far, in the order of the text. */
export interface Lowering extends Viewpoint {
  readonly linkType: LinkType;
  readonly names: Names;
  readonly netmask: number | undefined;
  readonly live: boolean;
  readonly sets: ReadonlyMap<string, SetType>;
  /** Changed by primitives that name an encapsulation. */
  layers: Layers;
  /** Of the primitive that is being lowered: every test of its remembers it. */
  span: Span;
  /** The last primitive that changed `layers`. */
  encapsulation: Span | undefined;
  /** Where the transport header over IPv6 was found; undefined where extension headers are not followed. */
  transport: TransportPlace | undefined;
  /** How many variables are in use. */
  variables: number;
}

/** What the elements of a set are: addresses and networks of IPv4 and IPv6, ports, or MAC addresses. */
export type SetType = 'address' | 'port' | 'mac';

/** Two variables: a protocol number, and where its header lies, counted from the network header. */
export interface TransportPlace {
  readonly number: number;
  readonly position: number;
  /** Whether anything has asked. */
  used: boolean;
}

export function newVariable(lowering: Lowering): number {
  if (lowering.variables === scratchCells) diagnostics.fail(diagnostics.tooManyVariables(lowering.span));
  return lowering.variables++;
}

export function isEqual(view: Viewpoint, left: Value, right: number): Predicate {
  return testing(equal(left, right), view.span);
}

export function isAbove(view: Viewpoint, left: Value, right: number): Predicate {
  return testing(compare('greater', left, right), view.span);
}

export function isAtLeast(view: Viewpoint, left: Value, right: number): Predicate {
  return testing(compare('greater-or-equal', left, right), view.span);
}

export function isAtMost(view: Viewpoint, left: Value, right: number): Predicate {
  return not(isAbove(view, left, right));
}

/** Whether the bits of `mask` have that value. A mask without bits still reads the field, which may fail. */
export function hasBits(view: Viewpoint, field: Value, mask: number, value: number): Predicate {
  return isEqual(view, mask === 0xffffffff ? field : bitAnd(field, mask), value);
}

export function hasAnyBit(view: Viewpoint, field: Value, mask: number): Predicate {
  return testing(anyBit(field, mask), view.span);
}

/** Whether a table holds anything for a key. */
export function isInTable(view: Viewpoint, table: TableReference, ...key: readonly Value[]): Predicate {
  return not(isEqual(view, lookup(table, ...key), 0));
}

/** A field of the network header. */
export function networkField(view: Viewpoint, offset: number, size: LoadSize): Value {
  return loadAt(networkHeader(view.layers), offset, size);
}

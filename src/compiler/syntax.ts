import { coverSpans, type Span } from '../ir/span.ts';
import type { Protocol } from './protocols.ts';
import type { Qualifiers } from './qualifiers.ts';
import type { Encapsulation } from './words.ts';

/**
 * What the user wrote, as a tree: all names still names, all qualifiers that a value inherited from its left
 * neighbour already beside it.
 */
export type Expression = Combination | Negation | Scope | Primitive;

/** Two or more operands of one run of `and`, or of `or`; longer lists do not nest. */
export interface Combination {
  readonly kind: 'and' | 'or';
  readonly operands: readonly Expression[];
}

export interface Negation {
  readonly kind: 'not';
  readonly operand: Expression;
  readonly span: Span;
}

/**
 * Clauses that are about another part of the packet than their surroundings, or look for it in another way:
 *
 * - `anyvlan`: behind no, one or two VLAN tags;
 * - `ext`: transport headers also behind IPv6 extension headers;
 * - `inner`: what a GRE, Geneve or VXLAN tunnel carries.
 */
export interface Scope {
  readonly kind: 'scope';
  readonly scope: ScopeName;
  readonly operand: Expression;
  readonly span: Span;
}

export type ScopeName = 'anyvlan' | 'ext' | 'inner';

export function isCombination(expression: Expression): expression is Combination {
  return expression.kind === 'and' || expression.kind === 'or';
}

/** From the first word of an expression to its last. */
export function spanOf(expression: Expression): Span {
  let first = expression;
  while (isCombination(first)) first = first.operands[0] as Expression;
  let last = expression;
  while (isCombination(last)) last = last.operands.at(-1) as Expression;
  return coverSpans(first.span, last.span);
}

export type Primitive =
  /** `tcp dst port 80`, or the `443` behind `port 80 or`. */
  | { readonly kind: 'match'; readonly qualifiers: Qualifiers; readonly value: Written; readonly span: Span }
  | { readonly kind: 'protocol'; readonly protocol: Protocol; readonly span: Span }
  | {
      readonly kind: 'relation';
      readonly relation: Relation;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
      readonly span: Span;
    }
  | {
      readonly kind: 'broadcast' | 'multicast';
      readonly protocol: Protocol | undefined;
      readonly span: Span;
    }
  | { readonly kind: 'less' | 'greater'; readonly length: number; readonly span: Span }
  | {
      readonly kind: 'byte';
      readonly offset: number;
      readonly operator: '=' | '<' | '>' | '&' | '|';
      readonly value: WrittenNumber;
      readonly span: Span;
    }
  | { readonly kind: 'inbound' | 'outbound'; readonly span: Span }
  | { readonly kind: 'ifindex'; readonly index: number; readonly span: Span }
  | { readonly kind: 'mark'; readonly mark: number; readonly span: Span }
  | {
      readonly kind: 'encapsulation';
      readonly header: Encapsulation;
      readonly identifier: WrittenNumber | undefined;
      readonly span: Span;
    }
  | { readonly kind: 'llc'; readonly type: WrittenName | undefined; readonly span: Span };

/** What stands behind the qualifiers of a primitive. */
export type Written =
  | WrittenNumber
  | WrittenName
  /** Two to four numbers with dots between them. */
  | WrittenIpv4
  | { readonly kind: 'ipv4-prefix'; readonly address: string; readonly length: number; readonly span: Span }
  | { readonly kind: 'ipv4-mask'; readonly address: string; readonly mask: string; readonly span: Span }
  | { readonly kind: 'ipv6'; readonly address: Uint8Array; readonly span: Span }
  | { readonly kind: 'ipv6-prefix'; readonly address: Uint8Array; readonly length: number; readonly span: Span }
  | { readonly kind: 'mac'; readonly address: Uint8Array; readonly span: Span }
  /** An 8-bit link address, `$2b`. */
  | { readonly kind: 'short-mac'; readonly span: Span }
  | WrittenSet;

export interface WrittenNumber {
  readonly kind: 'number';
  readonly value: number;
  readonly span: Span;
}

export interface WrittenName {
  readonly kind: 'name';
  readonly name: string;
  readonly span: Span;
}

/** `@name`: any element of a set. */
export interface WrittenSet {
  readonly kind: 'set';
  readonly name: string;
  readonly span: Span;
}

export interface WrittenIpv4 {
  readonly kind: 'ipv4';
  readonly address: string;
  readonly span: Span;
}

export type Relation = '>' | '>=' | '=' | '<=' | '<' | '!=';

export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';

export type Arithmetic =
  | WrittenNumber
  | { readonly kind: 'length'; readonly span: Span }
  | {
      readonly kind: 'accessor';
      readonly protocol: Protocol;
      readonly index: Arithmetic;
      readonly size: 1 | 2 | 4;
      readonly span: Span;
    }
  | {
      readonly kind: 'operation';
      readonly operator: ArithmeticOperator;
      readonly left: Arithmetic;
      readonly right: Arithmetic;
      readonly span: Span;
    }
  | { readonly kind: 'negation'; readonly operand: Arithmetic; readonly span: Span };

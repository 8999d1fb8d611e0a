import { always, and, not, or, type Predicate } from '../ir/predicate.ts';
import { binary, constant, metadata, packetLength } from '../ir/value.ts';
import { relation } from './arithmetic.ts';
import { DiagnosticError, type Diagnostic } from './diagnostic.ts';
import * as diagnostics from './diagnostics.ts';
import { loadAt } from './layers.ts';
import { match } from './lower-match.ts';
import { scoped } from './lower-scope.ts';
import { hasAnyBit, isAbove, isAtLeast, isAtMost, isEqual, type Lowering } from './lowering.ts';
import { encapsulation } from './protocol/encapsulation.ts';
import { withTransportLocated } from './protocol/extension-headers.ts';
import { etherBroadcast, etherMulticast } from './protocol/ether.ts';
import { ipv4Broadcast, ipv4Multicast, ipv6Multicast, protocolPrimitive } from './protocol/ip.ts';
import { llc } from './protocol/llc.ts';
import type { Protocol } from './protocols.ts';
import {
  isCombination,
  spanOf,
  type Combination,
  type Expression,
  type Negation,
  type Primitive,
  type Scope,
} from './syntax.ts';

/**
 * The predicate of a syntax tree. Primitives are lowered in the order of the text, because those that name an
 * encapsulation change what the ones behind them mean.
 * @param problems gets the errors; a primitive with one becomes false, so that the rest is looked at too
 */
export function lower(lowering: Lowering, expression: Expression, problems: Diagnostic[]): Predicate {
  // The left side is as deep as the text is long (`a or b and c or …`), the other sides only as deep as parentheses.
  const spine: Combination[] = [];
  let leftmost = expression;
  while (isCombination(leftmost)) {
    spine.push(leftmost);
    leftmost = leftmost.operands[0] as Expression;
  }
  const { layers } = lowering;
  let predicate = lowerLeaf(lowering, leftmost, problems);
  for (const { kind, operands } of spine.reverse()) {
    const rest = operands.slice(1).map((operand) => {
      if (kind === 'or' && lowering.layers !== layers) warnOfShift(lowering, operand, problems);
      return lower(lowering, operand, problems);
    });
    predicate = kind === 'and' ? and(predicate, ...rest) : or(predicate, ...rest);
  }
  return predicate;
}

/** One warning for each encapsulation is enough. */
function warnOfShift(lowering: Lowering, operand: Expression, problems: Diagnostic[]): void {
  if (lowering.encapsulation === undefined) return;
  problems.push(diagnostics.shiftedClause(spanOf(operand), lowering.encapsulation));
  lowering.encapsulation = undefined;
}

function lowerLeaf(lowering: Lowering, leaf: Negation | Scope | Primitive, problems: Diagnostic[]): Predicate {
  if (leaf.kind === 'not') return not(lower(lowering, leaf.operand, problems));
  lowering.span = leaf.span;
  try {
    return leaf.kind === 'scope' ? lowerScope(lowering, leaf, problems) : lowerPrimitive(lowering, leaf);
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    problems.push(...error.diagnostics);
    return always(false, leaf.span);
  }
}

/** A scope may lower its clauses several times; their problems are told once. */
function lowerScope(lowering: Lowering, { scope, operand }: Scope, problems: Diagnostic[]): Predicate {
  let found = problems;
  return scoped(lowering, scope, () => {
    const predicate = lower(lowering, operand, found);
    found = [];
    return predicate;
  });
}

function lowerPrimitive(lowering: Lowering, primitive: Primitive): Predicate {
  switch (primitive.kind) {
    case 'match':
      return match(lowering, primitive.qualifiers, primitive.value);
    case 'protocol':
      return protocolPrimitive(lowering, primitive.protocol);
    case 'relation':
      return relation(lowering, primitive.relation, primitive.left, primitive.right);
    case 'broadcast':
      return broadcast(lowering, primitive.protocol);
    case 'multicast':
      return multicast(lowering, primitive.protocol);
    case 'less':
      return isAtMost(lowering, packetLength, primitive.length);
    case 'greater':
      return isAtLeast(lowering, packetLength, primitive.length);
    case 'byte':
      return byte(lowering, primitive);
    case 'inbound':
      return not(outgoing(lowering, 'inbound'));
    case 'outbound':
      return outgoing(lowering, 'outbound');
    case 'ifindex':
      return interfaceIndex(lowering, primitive.index);
    case 'mark':
      return packetMark(lowering, primitive.mark);
    case 'encapsulation': {
      const { layers } = lowering;
      const predicate = encapsulation(lowering, primitive.header, primitive.identifier);
      if (lowering.layers === layers) return predicate;
      lowering.encapsulation = primitive.span;
      return withTransportLocated(lowering, predicate);
    }
    case 'llc':
      return llc(lowering, primitive.type);
  }
}

function broadcast(lowering: Lowering, protocol: Protocol | undefined): Predicate {
  switch (protocol) {
    case undefined:
    case 'link':
      return etherBroadcast(lowering);
    case 'ip':
      return ipv4Broadcast(lowering);
    default:
      return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, protocol, "'broadcast'"));
  }
}

function multicast(lowering: Lowering, protocol: Protocol | undefined): Predicate {
  switch (protocol) {
    case undefined:
    case 'link':
      return etherMulticast(lowering);
    case 'ip':
      return ipv4Multicast(lowering);
    case 'ip6':
      return ipv6Multicast(lowering);
    default:
      return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, protocol, "'multicast'"));
  }
}

/** `byte N op V`, of the link header; `&` and `|` ask whether the result is other than 0. */
function byte(lowering: Lowering, primitive: Extract<Primitive, { readonly kind: 'byte' }>): Predicate {
  const { operator, value } = primitive;
  if (value.value > 0xff) diagnostics.fail(diagnostics.valueTooLarge(value.span, 'a byte,', value.value, 0xff));
  const offset = Math.min(primitive.offset, largestOffset - lowering.layers.linkHeader.constant);
  const field = loadAt(lowering.layers.linkHeader, offset, 1);
  switch (operator) {
    case '=':
      return isEqual(lowering, field, value.value);
    case '>':
      return isAbove(lowering, field, value.value);
    case '<':
      return not(isAtLeast(lowering, field, value.value));
    case '&':
      return hasAnyBit(lowering, field, value.value);
    case '|':
      // With a bit in the value the result is never 0; without one it is the byte.
      return not(isEqual(lowering, binary('or', field, constant(value.value)), 0));
  }
}

/** In no packet, and no negative offset for the kernel. */
const largestOffset = 0x7fffffff;

/** What Linux writes into the packet type of a cooked header for packets that this host sent. */
const packetOutgoing = 4;

function outgoing(lowering: Lowering, word: string): Predicate {
  const { layers, span, linkType, live } = lowering;
  switch (layers.linkType) {
    case 'LINUX_SLL':
      return isEqual(lowering, loadAt(layers.linkHeader, 0, 2), packetOutgoing);
    case 'LINUX_SLL2':
      return isEqual(lowering, loadAt(layers.linkHeader, 10, 1), packetOutgoing);
    default:
      if (!live) diagnostics.fail(diagnostics.liveOnly(span, word, linkType));
      return isEqual(lowering, metadata('direction-outgoing'), 1);
  }
}

function interfaceIndex(lowering: Lowering, index: number): Predicate {
  const { layers, span, linkType, live } = lowering;
  if (layers.linkType === 'LINUX_SLL2') return isEqual(lowering, loadAt(layers.linkHeader, 4, 4), index);
  if (!live) diagnostics.fail(diagnostics.liveOnly(span, 'ifindex', linkType));
  return isEqual(lowering, metadata('interface-index'), index);
}

function packetMark(lowering: Lowering, mark: number): Predicate {
  const { span, linkType, live } = lowering;
  if (!live) diagnostics.fail(diagnostics.liveOnly(span, 'mark', linkType));
  return isEqual(lowering, metadata('mark'), mark);
}

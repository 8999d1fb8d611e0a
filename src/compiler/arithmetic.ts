import { and, not, or, testing, type Predicate } from '../ir/predicate.ts';
import { rangeOf } from '../ir/range.ts';
import { compare, type CompareOperator } from '../ir/test.ts';
import {
  add,
  binary,
  bitAnd,
  constant,
  ipv4HeaderLength,
  load,
  packetLength,
  variable,
  type BinaryOperator,
  type Value,
} from '../ir/value.ts';
import * as diagnostics from './diagnostics.ts';
import { moved, networkHeader, valueOf, type Offset } from './layers.ts';
import { scratchCells, type Lowering } from './lowering.ts';
import { etherTypes, ipv6HeaderLength, protocols, type ProtocolFacts } from './protocols.ts';
import { ipv4Protocol, isFirstFragment } from './protocol/ip.ts';
import { linkProtocol } from './protocol/link.ts';
import { isTransportOverIpv6 } from './protocol/transport.ts';
import type { Arithmetic, ArithmeticOperator, Relation } from './syntax.ts';

/** A value, and what the packet must be for it to mean anything, in the order in which that is asked. */
interface Calculated {
  readonly value: Value;
  readonly guards: readonly Predicate[];
}

/** More operations than this are no filter; deeper values would end the stack of whoever walks over them. */
const operationLimit = 1000;

const operators: Readonly<Record<ArithmeticOperator, BinaryOperator>> = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '%': 'modulo',
  '&': 'and',
  '|': 'or',
  '^': 'xor',
  '<<': 'shift-left',
  '>>': 'shift-right',
};

const relations: Readonly<Record<Relation, { readonly operator: CompareOperator; readonly negated: boolean }>> = {
  '>': { operator: 'greater', negated: false },
  '>=': { operator: 'greater-or-equal', negated: false },
  '=': { operator: 'equal', negated: false },
  '<=': { operator: 'greater', negated: true },
  '<': { operator: 'greater-or-equal', negated: true },
  '!=': { operator: 'equal', negated: true },
};

/**
 * A comparison. A packet without the header that an accessor names makes it false, whichever way it is written:
 * `tcp[13] != 2` is about TCP packets only.
 */
export function relation(lowering: Lowering, written: Relation, left: Arithmetic, right: Arithmetic): Predicate {
  checkSize(lowering, left, right);
  const compared = (over?: IpVersion): Predicate => {
    const first = calculated(lowering, left, over);
    const second = calculated(lowering, right, over);
    const { operator, negated } = relations[written];
    const test = testing(compare(operator, first.value, second.value), lowering.span);
    return and(...first.guards, ...second.guards, negated ? not(test) : test);
  };
  // Only where extension headers are followed are bytes of transport headers also those over IPv6.
  const isAboutBoth = lowering.transport !== undefined && (readsTransport(left) || readsTransport(right));
  return isAboutBoth ? or(compared('ip'), compared('ip6')) : compared();
}

type IpVersion = 'ip' | 'ip6';

function readsTransport(node: Arithmetic): boolean {
  if (node.kind === 'accessor' && isOverBoth(protocols[node.protocol])) return true;
  return operandsOf(node).some(readsTransport);
}

function isOverBoth(facts: ProtocolFacts): boolean {
  return facts.layer === 'transport' && facts.over === 'ip or ip6';
}

function checkSize(lowering: Lowering, left: Arithmetic, right: Arithmetic): void {
  let operations = 0;
  const open: Arithmetic[] = [left, right];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (++operations > operationLimit) diagnostics.fail(diagnostics.arithmeticTooLong(lowering.span, operationLimit));
    open.push(...operandsOf(node));
  }
  // Classic BPF keeps each operand in a cell until its operation is done.
  if (Math.max(cellsFor(left), 1 + cellsFor(right)) > scratchCells - lowering.variables) {
    diagnostics.fail(diagnostics.arithmeticTooComplex(lowering.span));
  }
}

function operandsOf(node: Arithmetic): readonly Arithmetic[] {
  switch (node.kind) {
    case 'number':
    case 'length':
      return [];
    case 'accessor':
      return [node.index];
    case 'negation':
      return [node.operand];
    case 'operation':
      return [node.left, node.right];
  }
}

function cellsFor(node: Arithmetic): number {
  switch (node.kind) {
    case 'number':
    case 'length':
      return 1;
    case 'accessor':
      return Math.max(2, cellsFor(node.index));
    case 'negation':
      return cellsFor(node.operand);
    case 'operation':
      return Math.max(cellsFor(node.left), 1 + cellsFor(node.right));
  }
}

/** @param over which IP version transport headers are read from; undefined for libpcap's meaning, IPv4 only */
function calculated(lowering: Lowering, node: Arithmetic, over: IpVersion | undefined): Calculated {
  switch (node.kind) {
    case 'number':
      return { value: constant(node.value), guards: [] };
    case 'length':
      return { value: packetLength, guards: [] };
    case 'negation': {
      const { value, guards } = calculated(lowering, node.operand, over);
      return { value: binary('subtract', constant(0), value), guards };
    }
    case 'operation': {
      checkOperation(node.operator, node.right);
      const left = calculated(lowering, node.left, over);
      const right = calculated(lowering, node.right, over);
      // libpcap forgets what the right operand asks of the packet: `1 + tcp[0] = 1` reads other packets too.
      const guards = over === undefined ? left.guards : [...left.guards, ...right.guards];
      return { value: binary(operators[node.operator], left.value, right.value), guards };
    }
    case 'accessor':
      return accessed(lowering, node, calculated(lowering, node.index, over), over);
  }
}

function checkOperation(operator: ArithmeticOperator, right: Arithmetic): void {
  if (right.kind !== 'number') return;
  if ((operator === '/' || operator === '%') && right.value === 0) {
    diagnostics.fail(diagnostics.divisionByZero(right.span));
  }
  if ((operator === '<<' || operator === '>>') && right.value > 31) {
    diagnostics.fail(diagnostics.shiftTooFar(right.span, right.value));
  }
}

type Accessor = Extract<Arithmetic, { readonly kind: 'accessor' }>;

/** Bytes of a header: `ip[2:2]`, `tcp[13]`, `ether[0]`. */
function accessed(lowering: Lowering, accessor: Accessor, index: Calculated, over: IpVersion | undefined): Calculated {
  const { protocol, size, span } = accessor;
  const { layers } = lowering;
  const network = networkHeader(layers);
  const facts = protocols[protocol];
  if (protocol === 'link') return { value: load(indexed(layers.linkHeader, index.value), size), guards: index.guards };
  if (facts.layer === 'network' && protocol !== 'aarp') {
    const guards = [...index.guards, linkProtocol(lowering, facts.etherType)];
    return { value: load(indexed(network, index.value), size), guards };
  }
  if (facts.layer !== 'transport' || protocol === 'ah' || protocol === 'esp') {
    return diagnostics.fail(diagnostics.indexNotSupported(span, protocol));
  }
  if (facts.over === 'ip6' || (over === 'ip6' && isOverBoth(facts))) {
    return overIpv6(lowering, facts.number, index, size);
  }
  // The IPv4 guard comes before those of the index, unlike everywhere else, because libpcap puts it there.
  const guards = [
    linkProtocol(lowering, etherTypes.ip),
    ...index.guards,
    ipv4Protocol(lowering, facts.number),
    isFirstFragment(lowering),
  ];
  const behindHeader = add(ipv4HeaderLength(valueOf(network)), index.value);
  return { value: load(indexed(network, behindHeader), size), guards };
}

function overIpv6(lowering: Lowering, number: number, index: Calculated, size: 1 | 2 | 4): Calculated {
  const { transport, layers } = lowering;
  const network = networkHeader(layers);
  const guards = [...index.guards, linkProtocol(lowering, etherTypes.ip6), isTransportOverIpv6(lowering, number)];
  const place =
    transport === undefined
      ? indexed(moved(network, ipv6HeaderLength), index.value)
      : indexed(network, add(index.value, variable(transport.position)));
  return { value: load(place, size), guards };
}

/** An offset that lies in no packet, and that the kernel does not read as one of its negative offsets either. */
const outside = 0x7fffffff;

/**
 * The place of an index behind a header. The index and where a variable says the header lies are added modulo 2^32, so
 * that negative indexes reach back; but with the constant part such a sum must not come out inside the packet again
 * (`ip[-14]`), nor reach what the kernel keeps at negative offsets. So 2^31 and more is moved to where no packet reaches.
 */
function indexed(header: Offset, index: Value): Value {
  const relative = header.variable === undefined ? index : add(index, variable(header.variable));
  if (relative.kind === 'constant') return constant(Math.min(relative.value + header.constant, outside));
  const { greatest } = rangeOf(relative, () => ({ least: 0, greatest: furthestInnerFrame }));
  if (greatest + header.constant <= outside) return add(relative, header.constant);
  const low = bitAnd(relative, 0x7fffffff);
  const high = bitAnd(binary('shift-right', relative, constant(1)), 0x40000000);
  return add(binary('or', low, high), header.constant);
}

/** Where a frame inside tunnels may begin: as many as there are variables for, each with the longest of its headers. */
const furthestInnerFrame = 0xffff;

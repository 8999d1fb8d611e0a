import { and, assigning, or, type Predicate } from '../../ir/predicate.ts';
import { add, binary, constant, ipv4HeaderLength, load, variable, type Value } from '../../ir/value.ts';
import * as diagnostics from '../diagnostics.ts';
import { networkHeader, valueOf } from '../layers.ts';
import { isEqual, networkField, newVariable, type Lowering } from '../lowering.ts';
import { etherTypes, ipv6HeaderLength } from '../protocols.ts';
import { linkProtocol } from './link.ts';

/** How many headers are looked at; behind more of them nothing matches. */
export const chainLimit = 16;

/** IPv6 extension headers that begin with their successor's number and their own length (RFC 8200, section 4). */
const extensionHeaders = { hopByHop: 0, routing: 43, fragment: 44, destination: 60 } as const;

const authenticationHeader = 51;

/**
 * `protochain`: whether a protocol is anywhere in the chain of headers. Over IPv4 the chain has authentication
 * headers only. There are no loops in a filter, so the walk is written out.
 */
export function protocolChain(lowering: Lowering, over: 'ip' | 'ip6' | 'ip or ip6', number: number): Predicate {
  const { span, layers } = lowering;
  if (number > 0xff) diagnostics.fail(diagnostics.valueTooLarge(span, 'protocol number', number, 0xff));
  if (layers.payload.variable !== undefined) diagnostics.fail(diagnostics.chainAfterVariableHeader(span));
  switch (over) {
    case 'ip or ip6':
      return or(protocolChain(lowering, 'ip', number), protocolChain(lowering, 'ip6', number));
    case 'ip': {
      const start = ipv4HeaderLength(valueOf(networkHeader(layers)));
      return and(
        linkProtocol(lowering, etherTypes.ip),
        walk(lowering, networkField(lowering, 9, 1), start, [], number),
      );
    }
    case 'ip6': {
      const start = constant(ipv6HeaderLength);
      const walked = Object.values(extensionHeaders);
      return and(
        linkProtocol(lowering, etherTypes.ip6),
        walk(lowering, networkField(lowering, 6, 1), start, walked, number),
      );
    }
  }
}

/**
 * The walk. Two variables take turns in holding where a header lies, counted from the network header: each step
 * stores into the one that holds the place of the header before, which it no longer needs.
 * @param first the number of the first header behind the IP header, which starts at `start`
 */
function walk(lowering: Lowering, first: Value, start: Value, walked: readonly number[], wanted: number): Predicate {
  const cells = [newVariable(lowering), newVariable(lowering)] as const;
  const cellAt = (step: number): number => (step % 2 === 0 ? cells[0] : cells[1]);
  const placeAt = (step: number): Value => (step === 0 ? start : variable(cellAt(step)));
  // A header's number stands in the first byte of the header before it.
  const numberAt = (step: number): Value => (step === 0 ? first : byteAt(lowering, placeAt(step - 1), 0));

  let rest = isEqual(lowering, numberAt(chainLimit), wanted);
  for (let step = chainLimit - 1; step >= 0; step--) {
    const over = stepOver(lowering, numberAt(step), placeAt(step), cellAt(step + 1), walked);
    rest = or(isEqual(lowering, numberAt(step), wanted), and(over, rest));
  }
  return rest;
}

/**
 * Whether a header can be walked over, and if so, stores where the next one lies.
 *
 * Behind an authentication header libpcap goes on as if that header stood where the network header does; so does
 * this, because a filter means what it means there.
 */
function stepOver(lowering: Lowering, number: Value, place: Value, cell: number, walked: readonly number[]): Predicate {
  const length = byteAt(lowering, place, 1);
  const store = (next: Value): Predicate => assigning(cell, next, lowering.span);
  const behindExtension = add(place, scaled(add(length, 1), 8));
  const behindAuthentication = scaled(add(length, 2), 4);
  return or(
    and(or(...walked.map((extension) => isEqual(lowering, number, extension))), store(behindExtension)),
    and(isEqual(lowering, number, authenticationHeader), store(behindAuthentication)),
  );
}

function scaled(value: Value, factor: number): Value {
  return binary('multiply', value, constant(factor));
}

function byteAt(lowering: Lowering, place: Value, offset: number): Value {
  return load(add(place, valueOf(networkHeader(lowering.layers), offset)), 1);
}

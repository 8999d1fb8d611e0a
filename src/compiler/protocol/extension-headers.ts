import { always, and, assigning, or, type Predicate } from '../../ir/predicate.ts';
import { add, binary, constant, load, variable, type Value } from '../../ir/value.ts';
import { networkHeader, valueOf } from '../layers.ts';
import {
  hasBits,
  isEqual,
  networkField,
  newVariable,
  type Lowering,
  type TransportPlace,
  type Viewpoint,
} from '../lowering.ts';
import { etherTypes, ipProtocols, ipv6HeaderLength } from '../protocols.ts';
import { linkProtocol } from './link.ts';

/** How many extension headers are looked past. RFC 8200, section 4.1 has use for six. */
export const extensionLimit = 8;

/** Hop-by-hop options, routing, destination options: the second byte is their length in 8 bytes, less one. */
const extensionHeaders = [0, 43, 60] as const;

const authenticationHeader = 51;

/** Whether the walk looks past headers of that number. */
export function isExtensionHeader(number: number): boolean {
  return (
    number === authenticationHeader ||
    number === ipProtocols.ipv6Fragment ||
    [...extensionHeaders].some((each) => each === number)
  );
}

/** In place of a protocol number where the packet is not IPv6; no byte is like it. */
const noProtocol = 0x100;

export function newTransportPlace(lowering: Lowering): TransportPlace {
  return { number: newVariable(lowering), position: newVariable(lowering), used: false };
}

/**
 * Stores which protocol an IPv6 packet carries behind its extension headers, and where; always true. The walk ends at
 * the first header of another kind, at a later fragment (whose number is then that of the fragment header), and after
 * `extensionLimit` headers.
 */
export function locateTransport(view: Viewpoint, place: TransportPlace): Predicate {
  const { span } = view;
  const store = (number: Value, position: Value): Predicate =>
    and(assigning(place.number, number, span), assigning(place.position, position, span));
  let walk = always(true, span);
  for (let step = 0; step < extensionLimit; step++) walk = or(and(stepOver(view, place), walk), always(true, span));
  return or(
    and(linkProtocol(view, etherTypes.ip6), store(networkField(view, 6, 1), constant(ipv6HeaderLength)), walk),
    store(constant(noProtocol), constant(0)),
  );
}

/** True where the current header can be looked past; the place is then that of the next one. */
function stepOver(view: Viewpoint, place: TransportPlace): Predicate {
  const { span } = view;
  const number = variable(place.number);
  const position = variable(place.position);
  const field = (offset: number, size: 1 | 2): Value => transportField(view, place, offset, size);
  const scaled = (factor: number): Value => binary('multiply', field(1, 1), constant(factor));
  const goOn = (length: Value): Predicate =>
    and(assigning(place.number, field(0, 1), span), assigning(place.position, add(position, length), span));
  return or(
    and(or(...extensionHeaders.map((header) => isEqual(view, number, header))), goOn(add(scaled(8), 8))),
    // Only the first fragment has a transport header; an atomic one is first and last.
    and(isEqual(view, number, ipProtocols.ipv6Fragment), hasBits(view, field(2, 2), 0xfff8, 0), goOn(constant(8))),
    and(isEqual(view, number, authenticationHeader), goOn(add(scaled(4), 8))),
  );
}

/** A field of the header that was found. */
export function transportField(view: Viewpoint, place: TransportPlace, offset: number, size: 1 | 2 | 4): Value {
  return load(add(variable(place.position), valueOf(networkHeader(view.layers), offset)), size);
}

/** Whether the header that was found is of that protocol. */
export function isTransport(lowering: Lowering, place: TransportPlace, number: number): Predicate {
  place.used = true;
  return isEqual(lowering, variable(place.number), number);
}

/** Whether the packet is one of that protocol: as `isTransport`, or a later fragment of one. */
export function carriesProtocol(lowering: Lowering, place: TransportPlace, number: number): Predicate {
  return or(
    isTransport(lowering, place, number),
    and(
      isTransport(lowering, place, ipProtocols.ipv6Fragment),
      isEqual(lowering, transportField(lowering, place, 0, 1), number),
    ),
  );
}

/** A predicate that moved to other headers, and where their transport header lies, if that is asked. */
export function withTransportLocated(lowering: Lowering, predicate: Predicate): Predicate {
  const { transport } = lowering;
  if (transport === undefined) return predicate;
  transport.used = true;
  return and(predicate, locateTransport(lowering, transport));
}

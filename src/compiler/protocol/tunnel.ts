import { and, assigning, or, type Predicate } from '../../ir/predicate.ts';
import { add, binary, bitAnd, constant, ipv4HeaderLength, load, variable, type Value } from '../../ir/value.ts';
import { networkHeader, valueOf } from '../layers.ts';
import { hasBits, isEqual, newVariable, type Lowering } from '../lowering.ts';
import { etherTypes } from '../protocols.ts';
import type { WrittenNumber } from '../syntax.ts';
import { checkIdentifier } from './identifier.ts';
import { ipv6HeaderLength } from './ip.ts';
import { fieldOverIpv4, fieldOverIpv6, portOverIpv4, portOverIpv6 } from './transport.ts';

type Field = (offset: number, size: 1 | 2 | 4) => Value;

interface TunnelFacts {
  /** UDP destination port. */
  readonly port: number;
  /** What the first byte behind the UDP header must be, in those bits. */
  readonly first: { readonly mask: number; readonly value: number };
}

const udpHeaderLength = 8;

const facts: Readonly<Record<'geneve' | 'vxlan', TunnelFacts>> = {
  /** RFC 8926: version 0. */
  geneve: { port: 6081, first: { mask: 0xc0, value: 0 } },
  /** RFC 7348: only the flag that says that the identifier is valid. */
  vxlan: { port: 4789, first: { mask: 0xff, value: 0x08 } },
};

/**
 * `geneve` and `vxlan`: UDP to their port over IPv4 or IPv6, and the identifier if one is named. What follows in the
 * filter is about the frame inside, whose place varies: variables hold it.
 */
export function tunnel(lowering: Lowering, kind: 'geneve' | 'vxlan', identifier: WrittenNumber | undefined): Predicate {
  if (identifier !== undefined) checkIdentifier(identifier, 'virtual network identifier', 0xffffff);
  const header = newVariable(lowering);
  const place: InnerFrame = {
    typeField: newVariable(lowering),
    linkHeader: newVariable(lowering),
    payload: newVariable(lowering),
  };
  const { span } = lowering;
  const network = networkHeader(lowering.layers);
  const behindUdp = valueOf(network, udpHeaderLength);

  const overIpv4 = and(
    portOverIpv4(lowering, onlyPort(kind), 'udp', 'dst'),
    hasHeader(lowering, kind, identifier, (offset, size) => fieldOverIpv4(lowering, offset, size)),
    assigning(header, add(ipv4HeaderLength(valueOf(network)), behindUdp), span),
  );
  const overIpv6 = and(
    portOverIpv6(lowering, onlyPort(kind), 'udp', 'dst'),
    hasHeader(lowering, kind, identifier, (offset, size) => fieldOverIpv6(lowering, offset, size)),
    assigning(header, valueOf(network, ipv6HeaderLength + udpHeaderLength), span),
  );
  const inside = kind === 'geneve' ? insideGeneve(lowering, header, place) : insideVxlan(lowering, header, place);
  lowering.layers = {
    ...lowering.layers,
    linkType: 'EN10MB',
    linkHeader: { variable: place.linkHeader, constant: 0 },
    typeField: { variable: place.typeField, constant: 0 },
    payload: { variable: place.payload, constant: 0 },
    labelBytes: 0,
    inTunnel: true,
  };
  return and(or(overIpv4, overIpv6), inside);
}

/** The variables that hold where the parts of the inner frame lie. */
interface InnerFrame {
  readonly typeField: number;
  readonly linkHeader: number;
  readonly payload: number;
}

function onlyPort(kind: 'geneve' | 'vxlan'): { readonly first: number; readonly last: number } {
  return { first: facts[kind].port, last: facts[kind].port };
}

/** @param field reads behind the IP header, UDP header included */
function hasHeader(
  lowering: Lowering,
  kind: 'geneve' | 'vxlan',
  identifier: WrittenNumber | undefined,
  field: Field,
): Predicate {
  const { mask, value } = facts[kind].first;
  const first = field(udpHeaderLength, 1);
  const valid = mask === 0xff ? isEqual(lowering, first, value) : hasBits(lowering, first, mask, value);
  if (identifier === undefined) return valid;
  const named = hasBits(lowering, field(udpHeaderLength + 4, 4), 0xffffff00, (identifier.value << 8) >>> 0);
  return and(valid, named);
}

/** Options of 4 bytes each follow the fixed header; inside is an Ethernet frame, or a packet without link header. */
function insideGeneve(lowering: Lowering, header: number, place: InnerFrame): Predicate {
  const { span } = lowering;
  const optionWords = bitAnd(load(variable(header), 1), 0x3f);
  const end = add(add(binary('multiply', optionWords, constant(4)), 8), variable(header));
  const linkHeader = variable(place.linkHeader);
  const carried = load(add(variable(header), 2), 2);
  return and(
    assigning(place.linkHeader, end, span),
    or(
      and(
        isEqual(lowering, carried, etherTypes.transparentEthernet),
        assigning(place.typeField, add(linkHeader, 12), span),
        assigning(place.payload, add(linkHeader, 14), span),
      ),
      and(assigning(place.typeField, add(variable(header), 2), span), assigning(place.payload, linkHeader, span)),
    ),
  );
}

/** A fixed header of 8 bytes, then an Ethernet frame. */
function insideVxlan(lowering: Lowering, header: number, place: InnerFrame): Predicate {
  const { span } = lowering;
  return and(
    assigning(place.linkHeader, add(variable(header), 8), span),
    assigning(place.typeField, add(variable(header), 8 + 12), span),
    assigning(place.payload, add(variable(header), 8 + 14), span),
  );
}

import { and, assigning, or, type Predicate } from '../../ir/predicate.ts';
import { add, binary, bitAnd, constant, ipv4HeaderLength, load, variable, type Value } from '../../ir/value.ts';
import { networkHeader, valueOf } from '../layers.ts';
import { hasBits, isEqual, newVariable, type Lowering } from '../lowering.ts';
import { etherTypes, ipv6HeaderLength } from '../protocols.ts';
import type { WrittenNumber } from '../syntax.ts';
import { checkIdentifier } from './identifier.ts';
import { ipv4Protocol, isFirstFragment } from './ip.ts';
import { linkProtocol } from './link.ts';
import { fieldOverIpv4, fieldOverIpv6, isTransportOverIpv6, portOverIpv4, portOverIpv6 } from './transport.ts';

type UdpTunnel = 'geneve' | 'vxlan';

type Field = (offset: number, size: 1 | 2 | 4) => Value;

interface TunnelFacts {
  /** UDP destination port. */
  readonly port: number;
  /** What the first byte behind the UDP header must be, in those bits. */
  readonly first: { readonly mask: number; readonly value: number };
}

const udpHeaderLength = 8;

const facts: Readonly<Record<UdpTunnel, TunnelFacts>> = {
  /** RFC 8926: version 0. */
  geneve: { port: 6081, first: { mask: 0xc0, value: 0 } },
  /** RFC 7348: only the flag that says that the identifier is valid. */
  vxlan: { port: 4789, first: { mask: 0xff, value: 0x08 } },
};

/**
 * `geneve` and `vxlan`: UDP to their port over IPv4 or IPv6, and the identifier if one is named. What follows in the
 * filter is about the frame inside, whose place varies: variables hold it.
 */
export function tunnel(lowering: Lowering, kind: UdpTunnel, identifier: WrittenNumber | undefined): Predicate {
  if (identifier !== undefined) checkIdentifier(identifier, 'virtual network identifier', 0xffffff);
  const place = newInnerFrame(lowering);
  const found = findUdpTunnel(lowering, kind, identifier, place);
  enterFrame(lowering, place);
  return found;
}

/** `inner`: any of the tunnels that pktf knows. */
export function anyTunnel(lowering: Lowering): Predicate {
  const place = newInnerFrame(lowering);
  const found = or(
    findUdpTunnel(lowering, 'geneve', undefined, place),
    findUdpTunnel(lowering, 'vxlan', undefined, place),
    findGre(lowering, place),
  );
  enterFrame(lowering, place);
  return found;
}

function newInnerFrame(lowering: Lowering): InnerFrame {
  return {
    header: newVariable(lowering),
    typeField: newVariable(lowering),
    linkHeader: newVariable(lowering),
    payload: newVariable(lowering),
  };
}

/** Text from here on is about the frame inside. */
function enterFrame(lowering: Lowering, place: InnerFrame): void {
  lowering.layers = {
    ...lowering.layers,
    linkType: 'EN10MB',
    linkHeader: { variable: place.linkHeader, constant: 0 },
    typeField: { variable: place.typeField, constant: 0 },
    payload: { variable: place.payload, constant: 0 },
    labelBytes: 0,
    inTunnel: true,
    pastTags: false,
  };
}

function findUdpTunnel(
  lowering: Lowering,
  kind: UdpTunnel,
  identifier: WrittenNumber | undefined,
  place: InnerFrame,
): Predicate {
  const overIpv4 = and(
    portOverIpv4(lowering, onlyPort(kind), 'udp', 'dst'),
    hasHeader(lowering, kind, identifier, (offset, size) => fieldOverIpv4(lowering, offset, size)),
    assigning(place.header, behindIpv4Header(lowering, udpHeaderLength), lowering.span),
  );
  const overIpv6 = and(
    portOverIpv6(lowering, onlyPort(kind), 'udp', 'dst'),
    hasHeader(lowering, kind, identifier, (offset, size) => fieldOverIpv6(lowering, offset, size)),
    assigning(place.header, behindIpv6Headers(lowering, udpHeaderLength), lowering.span),
  );
  const inside = kind === 'geneve' ? insideGeneve(lowering, place) : insideVxlan(lowering, place);
  return and(or(overIpv4, overIpv6), inside);
}

/** A place behind the IPv4 header. */
function behindIpv4Header(lowering: Lowering, bytes: number): Value {
  const network = networkHeader(lowering.layers);
  return add(ipv4HeaderLength(valueOf(network)), valueOf(network, bytes));
}

/** A place behind the IPv6 header, and its extension headers where they are followed. */
function behindIpv6Headers(lowering: Lowering, bytes: number): Value {
  const network = networkHeader(lowering.layers);
  const { transport } = lowering;
  return transport === undefined
    ? valueOf(network, ipv6HeaderLength + bytes)
    : add(variable(transport.position), valueOf(network, bytes));
}

/** RFC 2784 and RFC 2890: version 0; checksum, key and sequence number of 4 bytes each, where their flags say so. */
function findGre(lowering: Lowering, place: InnerFrame): Predicate {
  const { span } = lowering;
  const overIpv4 = and(
    linkProtocol(lowering, etherTypes.ip),
    ipv4Protocol(lowering, gre),
    isFirstFragment(lowering),
    assigning(place.header, behindIpv4Header(lowering, 0), span),
  );
  const overIpv6 = and(
    linkProtocol(lowering, etherTypes.ip6),
    isTransportOverIpv6(lowering, gre),
    assigning(place.header, behindIpv6Headers(lowering, 0), span),
  );
  const flags = load(variable(place.header), 1);
  const present = (bit: number): Value => bitAnd(binary('shift-right', flags, constant(bit - 2)), 4);
  const options = add(add(add(present(7), present(5)), present(4)), 4);
  return and(
    or(overIpv4, overIpv6),
    hasBits(lowering, load(add(variable(place.header), 1), 1), 0x07, 0),
    inside(lowering, place, add(options, variable(place.header))),
  );
}

const gre = 47;

/** The variables that hold where the parts of the inner frame lie. */
interface InnerFrame {
  /** Of the tunnel. */
  readonly header: number;
  readonly typeField: number;
  readonly linkHeader: number;
  readonly payload: number;
}

function onlyPort(kind: UdpTunnel): { readonly first: number; readonly last: number } {
  return { first: facts[kind].port, last: facts[kind].port };
}

/** @param field reads behind the IP header, UDP header included */
function hasHeader(
  lowering: Lowering,
  kind: UdpTunnel,
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

/** Options of 4 bytes each follow the fixed header. */
function insideGeneve(lowering: Lowering, place: InnerFrame): Predicate {
  const header = variable(place.header);
  const optionWords = bitAnd(load(header, 1), 0x3f);
  return inside(lowering, place, add(add(binary('multiply', optionWords, constant(4)), 8), header));
}

/** An Ethernet frame, or a packet without link header whose EtherType stands two bytes into the tunnel's header. */
function inside(lowering: Lowering, place: InnerFrame, end: Value): Predicate {
  const { span } = lowering;
  const linkHeader = variable(place.linkHeader);
  const type = add(variable(place.header), 2);
  return and(
    assigning(place.linkHeader, end, span),
    or(
      and(
        isEqual(lowering, load(type, 2), etherTypes.transparentEthernet),
        assigning(place.typeField, add(linkHeader, 12), span),
        assigning(place.payload, add(linkHeader, 14), span),
      ),
      and(assigning(place.typeField, type, span), assigning(place.payload, linkHeader, span)),
    ),
  );
}

/** A fixed header of 8 bytes, then an Ethernet frame. */
function insideVxlan(lowering: Lowering, place: InnerFrame): Predicate {
  const { span } = lowering;
  const header = variable(place.header);
  return and(
    assigning(place.linkHeader, add(header, 8), span),
    assigning(place.typeField, add(header, 8 + 12), span),
    assigning(place.payload, add(header, 8 + 14), span),
  );
}

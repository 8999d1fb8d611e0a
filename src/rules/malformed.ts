import { graphOf, type Node } from '../ir/graph.ts';
import type { LinkType } from '../ir/link-type.ts';
import { assigning, or, testing, type Predicate } from '../ir/predicate.ts';
import { anyBit, equal, present } from '../ir/test.ts';
import { add, constant, ipv4HeaderLength, load, variable, bitAnd, type Value } from '../ir/value.ts';

/**
 * Which packets are malformed: a header that the one before it announces is not all there. Looked at are VLAN tags,
 * IPv4 with its options, IPv6, ARP, and the fixed part of a first fragment's TCP, UDP, SCTP and ICMP header. Questions
 * are asked with `present`, so that where the packet ends decides, never what its bytes claim; a load that fails says
 * the same.
 */

const etherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
const tagTypes: readonly number[] = [0x8100, 0x88a8, 0x9100];

const ethernetLength = 14;
const tagLength = 4;
/** Tags that are looked behind: more than any network nests, few enough to unroll. */
const mostTags = 8;
const ipv4Minimum = 20;
const ipv6Length = 40;
/** Ethernet/IPv4 ARP: 8 bytes, and two addresses of 6 and 4 (RFC 826). */
const arpLength = 28;

/** The fixed part of each transport header, by IP protocol number (RFC 9293, 768, 9260, 792, 4443). */
type TransportLengths = readonly (readonly [protocol: number, length: number])[];
const anyVersion: TransportLengths = [
  [6, 20],
  [17, 8],
  [132, 12],
];
const overIpv4: TransportLengths = [...anyVersion, [1, 8]];
const overIpv6: TransportLengths = [...anyVersion, [58, 8]];

interface Exits {
  readonly whole: Node;
  readonly malformed: Node;
}

/** Where the packets of a link type go that are malformed, and where the others. */
export function malformedGraph(linkType: LinkType, malformed: Node, whole: Node): Node {
  const exits: Exits = { whole, malformed };
  switch (linkType) {
    case 'EN10MB':
      return ethernet(exits);
    case 'RAW':
    case 'IPV4':
    case 'IPV6':
      return raw(exits);
    default:
      // Only captures have the other link types; what a policy does not match there is `default`.
      return whole;
  }
}

function ask(question: Predicate, whenTrue: Node, whenFalse: Node, exits: Exits): Node {
  return graphOf(question, whenTrue, whenFalse, exits.malformed);
}

function demand(question: Predicate, next: Node, exits: Exits): Node {
  return ask(question, next, exits.malformed, exits);
}

/** The untagged frame at fixed offsets, for it is what nearly all packets are; tagged ones at computed offsets. */
function ethernet(exits: Exits): Node {
  const type = load(ethernetLength - 2, 2);
  return network(type, constant(ethernetLength), ask(isTag(type), tagged(exits), exits.whole, exits), exits);
}

function isTag(type: Value): Predicate {
  return or(...tagTypes.map((tagType) => testing(equal(type, tagType))));
}

/** Walks the tags; what the last one announces is checked once, at an offset in a variable. */
function tagged(exits: Exits): Node {
  const [offset, type] = [variable(0), variable(1)];
  const behindTags = network(type, offset, exits.whole, exits);
  let next = behindTags;
  for (let tag = mostTags; tag >= 1; tag--) {
    const end = ethernetLength + tag * tagLength;
    const last = ask(assigning(offset.index, constant(end)), behindTags, exits.malformed, exits);
    const another = tag === mostTags ? last : ask(isTag(type), next, last, exits);
    next = ask(assigning(type.index, load(end - 2, 2)), another, exits.malformed, exits);
  }
  return next;
}

/** @param unknown where a type leads that is none of ours */
function network(type: Value, offset: Value, unknown: Node, exits: Exits): Node {
  const arp = demand(testing(present(offset, arpLength)), exits.whole, exits);
  const other = ask(testing(equal(type, etherType.arp)), arp, unknown, exits);
  const orIpv6 = ask(testing(equal(type, etherType.ipv6)), ipv6(offset, exits), other, exits);
  return ask(testing(equal(type, etherType.ipv4)), ipv4(offset, exits), orIpv6, exits);
}

function raw(exits: Exits): Node {
  const version = bitAnd(load(0, 1), 0xf0);
  const orIpv6 = ask(testing(equal(version, 0x60)), ipv6(constant(0), exits), exits.whole, exits);
  return ask(testing(equal(version, 0x40)), ipv4(constant(0), exits), orIpv6, exits);
}

function ipv4(offset: Value, exits: Exits): Node {
  const behind = add(ipv4HeaderLength(offset), offset);
  const first = transport(overIpv4, load(add(offset, 9), 1), behind, exits);
  const laterFragment = anyBit(load(add(offset, 6), 2), 0x1fff);
  const header = ask(testing(laterFragment), exits.whole, first, exits);
  const options = demand(testing(present(behind, 0)), header, exits);
  return demand(testing(present(offset, ipv4Minimum)), options, exits);
}

function ipv6(offset: Value, exits: Exits): Node {
  const behind = transport(overIpv6, load(add(offset, 6), 1), add(offset, ipv6Length), exits);
  return demand(testing(present(offset, ipv6Length)), behind, exits);
}

function transport(lengths: TransportLengths, protocol: Value, offset: Value, exits: Exits): Node {
  return lengths.reduceRight((otherwise, [number, length]) => {
    const header = demand(testing(present(offset, length)), exits.whole, exits);
    return ask(testing(equal(protocol, number)), header, otherwise, exits);
  }, exits.whole);
}

import { and, or, type Predicate } from '../../ir/predicate.ts';
import * as diagnostics from '../diagnostics.ts';
import { loadAt, moved } from '../layers.ts';
import { hasBits, isEqual, networkField, type Lowering } from '../lowering.ts';
import {
  etherTypes,
  ipProtocols,
  ipv6HeaderLength,
  isisNlpid,
  protocols,
  serviceAccessPoints,
  type Protocol,
} from '../protocols.ts';
import { protocolChain } from './chain.ts';
import { carriesProtocol, isExtensionHeader } from './extension-headers.ts';
import { linkProtocol } from './link.ts';

/** Offsets in the IPv4 header, RFC 791. */
const ipv4 = { fragment: 6, protocol: 9, destination: 16 } as const;

/** Offsets in the IPv6 header, RFC 8200. */
const ipv6 = { nextHeader: 6, destination: 24 } as const;

/** A protocol word by itself: `tcp`, `arp`, `stp`. */
export function protocolPrimitive(lowering: Lowering, protocol: Protocol): Predicate {
  const facts = protocols[protocol];
  switch (facts.layer) {
    case 'network':
      return linkProtocol(lowering, facts.etherType);
    case 'llc':
      return linkProtocol(lowering, facts.sap);
    case 'transport':
      return ipProtocol(lowering, facts.over, facts.number);
    case 'iso':
      return isoProtocol(lowering, facts.nlpid);
    case 'isis':
      return or(...facts.packetTypes.map((type) => isisPacket(lowering, type)));
    case 'none':
      return diagnostics.fail(diagnostics.notAPrimitive(lowering.span, protocol));
  }
}

/** The protocol number in the IP header; behind IPv6, also that in a fragment header which follows at once. */
export function ipProtocol(lowering: Lowering, over: 'ip' | 'ip6' | 'ip or ip6', number: number): Predicate {
  if (number > 0xff) diagnostics.fail(diagnostics.valueTooLarge(lowering.span, 'protocol number', number, 0xff));
  switch (over) {
    case 'ip':
      return and(linkProtocol(lowering, etherTypes.ip), ipv4Protocol(lowering, number));
    case 'ip6':
      if (lowering.transport !== undefined) {
        // An extension header is looked past, not at; so where one is asked for, all of them are looked at.
        if (isExtensionHeader(number) && lowering.layers.payload.variable === undefined) {
          return protocolChain(lowering, 'ip6', number);
        }
        return and(linkProtocol(lowering, etherTypes.ip6), carriesProtocol(lowering, lowering.transport, number));
      }
      return and(
        linkProtocol(lowering, etherTypes.ip6),
        or(
          ipv6NextHeader(lowering, number),
          and(
            ipv6NextHeader(lowering, ipProtocols.ipv6Fragment),
            isEqual(lowering, networkField(lowering, ipv6HeaderLength, 1), number),
          ),
        ),
      );
    case 'ip or ip6':
      return or(ipProtocol(lowering, 'ip', number), ipProtocol(lowering, 'ip6', number));
  }
}

export function ipv4Protocol(lowering: Lowering, number: number): Predicate {
  return isEqual(lowering, networkField(lowering, ipv4.protocol, 1), number);
}

export function ipv6NextHeader(lowering: Lowering, number: number): Predicate {
  return isEqual(lowering, networkField(lowering, ipv6.nextHeader, 1), number);
}

/** Whether an IPv4 packet is whole or a first fragment, so that a transport header follows. */
export function isFirstFragment(lowering: Lowering): Predicate {
  return hasBits(lowering, networkField(lowering, ipv4.fragment, 2), 0x1fff, 0);
}

/** `iso proto`: the byte behind the 802.2 header. */
export function isoProtocol(lowering: Lowering, nlpid: number): Predicate {
  if (nlpid > 0xff) diagnostics.fail(diagnostics.valueTooLarge(lowering.span, 'ISO protocol', nlpid, 0xff));
  return and(linkProtocol(lowering, serviceAccessPoints.iso), isEqual(lowering, isoField(lowering, 0), nlpid));
}

/** `isis proto`: the type of an IS-IS packet. */
export function isisPacket(lowering: Lowering, type: number): Predicate {
  if (type > 0x1f) diagnostics.fail(diagnostics.valueTooLarge(lowering.span, 'IS-IS packet type', type, 0x1f));
  return and(isoProtocol(lowering, isisNlpid), isEqual(lowering, isoField(lowering, 4), type));
}

function isoField(lowering: Lowering, offset: number): ReturnType<typeof loadAt> {
  const { payload, llcBytes } = lowering.layers;
  return loadAt(moved(payload, llcBytes), offset, 1);
}

/** `ip broadcast`: all ones or all zeros behind the interface's netmask. */
export function ipv4Broadcast(lowering: Lowering): Predicate {
  const { netmask } = lowering;
  if (netmask === undefined) return diagnostics.fail(diagnostics.netmaskUnknown(lowering.span));
  const hostMask = ~netmask >>> 0;
  const destination = networkField(lowering, ipv4.destination, 4);
  return and(
    linkProtocol(lowering, etherTypes.ip),
    or(hasBits(lowering, destination, hostMask, 0), hasBits(lowering, destination, hostMask, hostMask)),
  );
}

/** `ip multicast`: 224.0.0.0/4. */
export function ipv4Multicast(lowering: Lowering): Predicate {
  const first = networkField(lowering, ipv4.destination, 1);
  return and(linkProtocol(lowering, etherTypes.ip), hasBits(lowering, first, 0xf0, 0xe0));
}

/** `ip6 multicast`: ff00::/8. */
export function ipv6Multicast(lowering: Lowering): Predicate {
  const first = networkField(lowering, ipv6.destination, 1);
  return and(linkProtocol(lowering, etherTypes.ip6), isEqual(lowering, first, 0xff));
}

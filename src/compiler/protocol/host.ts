import { and, not, or, type Predicate } from '../../ir/predicate.ts';
import type { TableReference } from '../../ir/table.ts';
import { ipv6Mask, ipv6Words } from '../address.ts';
import * as diagnostics from '../diagnostics.ts';
import { hasBits, isInTable, networkField, type Lowering } from '../lowering.ts';
import { etherTypes, type Protocol } from '../protocols.ts';
import type { Direction } from '../qualifiers.ts';
import { inDirection } from './direction.ts';
import { linkProtocol } from './link.ts';

export interface Ipv4Network {
  readonly address: number;
  readonly mask: number;
}

export interface Ipv6Network {
  /** 16 bytes. */
  readonly address: Uint8Array;
  readonly prefixLength: number;
}

/** Offsets of IPv4 addresses: in the IP header, and in (R)ARP for Ethernet and IPv4, whose lengths nobody checks. */
const ipv4Addresses = {
  ip: { src: 12, dst: 16 },
  arp: { src: 14, dst: 24 },
  rarp: { src: 14, dst: 24 },
} as const;

const ipv6Addresses = { src: 8, dst: 24 } as const;

/**
 * `host` and `net` for IPv4: without a protocol, in IP, ARP and RARP.
 * @param what how an error calls the value, `an IPv4 address`
 * @param negated whether the packet must be of the protocol and the address another (`gateway`)
 */
export function ipv4Host(
  lowering: Lowering,
  networks: readonly (Ipv4Network | TableReference)[],
  protocol: Protocol | undefined,
  direction: Direction | undefined,
  what: string,
  negated = false,
): Predicate {
  switch (protocol) {
    case undefined:
      return or(
        ...ipv4Carriers(lowering).map((carrier) => ipv4Host(lowering, networks, carrier, direction, what, negated)),
      );
    case 'ip':
    case 'arp':
    case 'rarp': {
      const matches = or(...networks.map((network) => ipv4Address(lowering, network, protocol, direction)));
      return and(linkProtocol(lowering, etherTypes[protocol]), negated ? not(matches) : matches);
    }
    default:
      return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, protocol, what));
  }
}

/** Behind MPLS labels there is no ARP. */
function ipv4Carriers(lowering: Lowering): readonly ('ip' | 'arp' | 'rarp')[] {
  return lowering.layers.labels > 0 ? ['ip'] : ['ip', 'arp', 'rarp'];
}

function ipv4Address(
  lowering: Lowering,
  network: Ipv4Network | TableReference,
  protocol: 'ip' | 'arp' | 'rarp',
  direction: Direction | undefined,
): Predicate {
  return inDirection(direction, (side) => {
    const field = networkField(lowering, ipv4Addresses[protocol][side], 4);
    return 'space' in network
      ? isInTable(lowering, network, field)
      : hasBits(lowering, field, network.mask, network.address);
  });
}

/** `host` and `net` for IPv6. */
export function ipv6Host(
  lowering: Lowering,
  networks: readonly (Ipv6Network | TableReference)[],
  protocol: Protocol | undefined,
  direction: Direction | undefined,
  what: string,
): Predicate {
  if (protocol !== undefined && protocol !== 'ip6') {
    return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, protocol, what));
  }
  return and(
    linkProtocol(lowering, etherTypes.ip6),
    or(
      ...networks.map((network) =>
        inDirection(direction, (side) => ipv6Address(lowering, network, ipv6Addresses[side])),
      ),
    ),
  );
}

function ipv6Address(lowering: Lowering, network: Ipv6Network | TableReference, offset: number): Predicate {
  const words = ([0, 1, 2, 3] as const).map((i) => networkField(lowering, offset + 4 * i, 4));
  if ('space' in network) return isInTable(lowering, network, ...words);
  const address = ipv6Words(network.address);
  const mask = ipv6Mask(network.prefixLength);
  return and(...words.map((word, i) => hasBits(lowering, word, mask[i] as number, address[i] as number)));
}

import { and, or, type Predicate } from '../../ir/predicate.ts';
import type { TableReference } from '../../ir/table.ts';
import { add, ipv4HeaderLength, load, type LoadSize, type Value } from '../../ir/value.ts';
import { loadAt, moved, networkHeader, valueOf } from '../layers.ts';
import { isAtLeast, isAtMost, isEqual, isInTable, type Lowering } from '../lowering.ts';
import { etherTypes, ipProtocols, ipv6HeaderLength } from '../protocols.ts';
import type { Direction } from '../qualifiers.ts';
import { inDirection } from './direction.ts';
import { isTransport, transportField } from './extension-headers.ts';
import { ipv4Protocol, ipv6NextHeader, isFirstFragment } from './ip.ts';
import { linkProtocol } from './link.ts';

/** The protocols that have ports, in the first four bytes of their headers. */
export type Transport = 'tcp' | 'udp' | 'sctp';

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

const portOffsets = { src: 0, dst: 2 } as const;

/**
 * `port` and `portrange`: over IPv4 not in later fragments, over IPv6 only where the transport header follows at once.
 * @param transport undefined for any of them
 */
export function port(
  lowering: Lowering,
  ports: PortRange | TableReference,
  transport: Transport | undefined,
  direction: Direction | undefined,
): Predicate {
  return or(portOverIpv6(lowering, ports, transport, direction), portOverIpv4(lowering, ports, transport, direction));
}

export function portOverIpv4(
  lowering: Lowering,
  ports: PortRange | TableReference,
  transport: Transport | undefined,
  direction: Direction | undefined,
): Predicate {
  return and(
    linkProtocol(lowering, etherTypes.ip),
    anyTransport(transport, (number) => ipv4Protocol(lowering, number)),
    isFirstFragment(lowering),
    inDirection(direction, (side) => isPort(lowering, fieldOverIpv4(lowering, portOffsets[side], 2), ports)),
  );
}

export function portOverIpv6(
  lowering: Lowering,
  ports: PortRange | TableReference,
  transport: Transport | undefined,
  direction: Direction | undefined,
): Predicate {
  return and(
    linkProtocol(lowering, etherTypes.ip6),
    anyTransport(transport, (number) => isTransportOverIpv6(lowering, number)),
    inDirection(direction, (side) => isPort(lowering, fieldOverIpv6(lowering, portOffsets[side], 2), ports)),
  );
}

function anyTransport(transport: Transport | undefined, test: (number: number) => Predicate): Predicate {
  const transports: readonly Transport[] = transport === undefined ? ['tcp', 'udp', 'sctp'] : [transport];
  return or(...transports.map((name) => test(ipProtocols[name])));
}

function isPort(lowering: Lowering, field: Value, ports: PortRange | TableReference): Predicate {
  if ('space' in ports) return isInTable(lowering, ports, field);
  return ports.first === ports.last
    ? isEqual(lowering, field, ports.first)
    : and(isAtLeast(lowering, field, ports.first), isAtMost(lowering, field, ports.last));
}

/** A field of the header behind the IPv4 header, whose length varies. */
export function fieldOverIpv4(lowering: Lowering, offset: number, size: LoadSize): Value {
  const header = networkHeader(lowering.layers);
  // The variable part of the header's own offset, if any, is inside both terms.
  return load(add(ipv4HeaderLength(valueOf(header)), valueOf(header, offset)), size);
}

/** Whether a header of that protocol follows the IPv6 header, or its extension headers where they are followed. */
export function isTransportOverIpv6(lowering: Lowering, number: number): Predicate {
  const { transport } = lowering;
  return transport === undefined ? ipv6NextHeader(lowering, number) : isTransport(lowering, transport, number);
}

/** A field of that header. */
export function fieldOverIpv6(lowering: Lowering, offset: number, size: LoadSize): Value {
  const { transport } = lowering;
  return transport === undefined
    ? loadAt(moved(networkHeader(lowering.layers), ipv6HeaderLength), offset, size)
    : transportField(lowering, transport, offset, size);
}

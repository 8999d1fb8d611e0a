import { and, or, type Predicate } from '../../ir/predicate.ts';
import { hasBits, isEqual, networkField, type Lowering } from '../lowering.ts';
import { etherTypes } from '../protocols.ts';
import type { Direction } from '../qualifiers.ts';
import { inDirection } from './direction.ts';
import { linkProtocol } from './link.ts';

/** Where the addresses lie behind the flags byte, in a long and in a short data packet. */
const addressOffsets = { src: { long: 15, short: 3 }, dst: { long: 7, short: 1 } } as const;

/** Two bytes of length stand before the DECnet header. */
const lengthBytes = 2;

/** `decnet host`. @param address as it stands on the wire, least significant byte first */
export function decnetHost(lowering: Lowering, address: number, direction: Direction | undefined): Predicate {
  return and(
    linkProtocol(lowering, etherTypes.decnet),
    inDirection(direction, (side) => addressIn(lowering, address, side)),
  );
}

/** The four forms of a header: short or long, each with or without a byte of padding before it. */
function addressIn(lowering: Lowering, address: number, side: 'src' | 'dst'): Predicate {
  const { long, short } = addressOffsets[side];
  const flags = networkField(lowering, lengthBytes, 1);
  const padding = networkField(lowering, lengthBytes, 2);
  const field = (offset: number): Predicate =>
    isEqual(lowering, networkField(lowering, lengthBytes + offset, 2), address);
  return or(
    and(hasBits(lowering, flags, 0x07, 0x02), field(short)),
    and(hasBits(lowering, padding, 0xff07, 0x8102), field(1 + short)),
    and(hasBits(lowering, flags, 0x07, 0x06), field(long)),
    and(hasBits(lowering, padding, 0xff07, 0x8106), field(1 + long)),
  );
}

import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { concat } from '../../src/packet/build.ts';
import { linkHeaders } from '../support/packets.ts';
import type { AccessedBytes } from './constants-of-filter.ts';
import type { PacketDice } from './packet-dice.ts';
import { randomNetworkPacket } from './random-network-packet.ts';

/**
 * Random packets that a filter cares about. Of each that is built there are four: as it is, cut off by the capture,
 * ended early on the wire, and with bytes changed.
 */
export function randomPackets(dice: PacketDice, linkType: LinkType, count: number): readonly Packet[] {
  const packets: Packet[] = [];
  while (packets.length < count) {
    const bytes = randomFrame(dice, linkType);
    packets.push(whole(bytes), whole(changed(dice, linkType, bytes)), cutOff(dice, bytes));
    packets.push(
      dice.chance(dice.mentions(/len|less|greater/) ? 0.8 : 0.3)
        ? ended(dice, bytes)
        : whole(changed(dice, linkType, bytes)),
    );
  }
  return packets.slice(0, count);
}

function whole(bytes: Uint8Array): Packet {
  return { bytes, length: bytes.length };
}

/** As long as the filter asks for, or nearly, often enough. */
function ended(dice: PacketDice, bytes: Uint8Array): Packet {
  const wanted = dice.number(8) + dice.one([-1, 0, 0, 1]);
  const isWanted = wanted >= 0 && dice.chance(0.6);
  if (isWanted && wanted > bytes.length) return whole(concat(bytes, dice.bytes(wanted - bytes.length)));
  return whole(bytes.subarray(0, isWanted ? wanted : dice.below(bytes.length + 1)));
}

function cutOff(dice: PacketDice, bytes: Uint8Array): Packet {
  const captured = dice.below(Math.min(bytes.length, 100) + 1);
  const length = dice.chance(0.9) ? bytes.length : Math.max(bytes.length, dice.number(32));
  return { bytes: bytes.subarray(0, captured), length };
}

/** Some bytes, most of them in the headers, become others: of the filter's numbers, or any. */
function changed(dice: PacketDice, linkType: LinkType, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = Uint8Array.from(bytes);
  for (let more = 1 + dice.below(3); more > 0; more--) {
    const at = changedPlace(dice, linkType, copy.length);
    switch (dice.below(4)) {
      case 0:
        plant(copy, at, (copy[at] ?? 0) ^ (1 << dice.below(8)), 1);
        break;
      case 1:
        plant(copy, at, dice.number(8), 1);
        break;
      case 2:
        plant(copy, at, dice.number(16), 2);
        break;
      default:
        plant(copy, at, dice.number(32), 4);
    }
  }
  return copy;
}

/** @returns a place that may lie behind the end */
function changedPlace(dice: PacketDice, linkType: LinkType, length: number): number {
  const accessed = dice.chance(0.6) ? dice.accessed() : undefined;
  if (accessed === undefined) return dice.below(dice.chance(0.8) ? Math.min(length, 64) : length);
  return headerOffset(linkType)[accessed.header] + accessed.offset;
}

/** Where the headers of most packets lie. */
function headerOffset(linkType: LinkType): Readonly<Record<AccessedBytes['header'], number>> {
  const network = linkHeaders(linkType, 0x0800)[0]?.length ?? 0;
  return { link: 0, network, transport: network + 20 };
}

function plant(bytes: Uint8Array, at: number, value: number, size: number): void {
  for (let i = 0; i < size && at + i < bytes.length; i++) bytes[at + i] = value >>> (8 * (size - 1 - i));
}

function randomFrame(dice: PacketDice, linkType: LinkType): Uint8Array {
  if (linkType === 'EN10MB' && dice.chance(dice.mentions(logicalLinks) ? 0.7 : 0.05))
    return concat(dice.mac(), dice.mac(), logicalLink(dice));
  const { type, bytes } = randomNetworkPacket(dice);
  if (linkType === 'EN10MB') return concat(dice.mac(), dice.mac(), Uint8Array.of(type >> 8, type), bytes);
  return concat(dice.one(linkHeaders(linkType, type)), bytes);
}

const logicalLinks = /\b(llc|stp|ipx|netbeui|iso|clnp|es-?is|is-?is|l1|l2|iih|[cp]?snp|lsp|atalk|aarp)\b/;
const servicePoints = [0x42, 0xe0, 0xf0, 0xfe, 0xaa, 0x06, 0x04, 0xff];

/** Length, 802.2 header and what it announces. */
function logicalLink(dice: PacketDice): Uint8Array {
  const destination = dice.chance(0.8) ? dice.one(servicePoints) : dice.number(8);
  const source = dice.chance(0.8) ? destination : dice.number(8);
  const control = dice.one([0x03, 0xf3, 0x7f, 0xbf, 0x01, 0x05, 0x00, dice.below(256)]);
  const length = dice.chance(0.9) ? dice.below(1501) : dice.number(16);
  const head = Uint8Array.of(length >> 8, length, destination, source, control);
  return concat(head, behindLogicalLink(dice, destination));
}

function behindLogicalLink(dice: PacketDice, servicePoint: number): Uint8Array {
  switch (servicePoint) {
    case 0xaa: {
      const { type, bytes } = randomNetworkPacket(dice, 1);
      const isApple = dice.chance(0.3);
      const protocol = dice.one([type, 0x8137, 0x809b, 0x80f3]);
      return concat(
        isApple ? Uint8Array.of(8, 0, 7) : new Uint8Array(3),
        Uint8Array.of(protocol >> 8, protocol),
        bytes,
      );
    }
    case 0xfe: {
      const kind = dice.one([0x81, 0x82, 0x83, 0x83, 0x83, dice.below(256)]);
      return concat(Uint8Array.of(kind, 0x1b, 1, 0, 15 + dice.below(14)), dice.bytes(20));
    }
    default:
      return dice.bytes(dice.below(40));
  }
}

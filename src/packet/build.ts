import type { LinkType } from '../ir/link-type.ts';
import { crc32c, internetChecksum } from './checksum.ts';
import { etherType, ipProtocol } from './protocol.ts';

/**
 * Headers as bytes, lengths and checksums right. Each function takes what stands behind the header and gives the
 * whole, so a packet is built from the inside out.
 */

/** Locally administered addresses, for frames whose addresses do not matter. */
export const defaultSourceMac = Uint8Array.of(0x02, 0, 0, 0, 0, 0x01);
export const defaultDestinationMac = Uint8Array.of(0x02, 0, 0, 0, 0, 0x02);

export interface MacAddresses {
  readonly source?: Uint8Array;
  readonly destination?: Uint8Array;
}

/** A link header of the given type; link types without EtherTypes carry only IPv4 and IPv6. */
export function buildLink(linkType: LinkType, type: number, payload: Uint8Array, macs: MacAddresses = {}): Uint8Array {
  const { source = defaultSourceMac, destination = defaultDestinationMac } = macs;
  switch (linkType) {
    case 'EN10MB':
      return concat(destination, source, word16(type), payload);
    case 'RAW':
    case 'IPV4':
    case 'IPV6':
      return payload;
    case 'LINUX_SLL':
      // To us, over Ethernet (ARPHRD_ETHER), from a hardware address of six bytes.
      return concat(word16(0), word16(1), word16(6), source, word16(0), word16(type), payload);
    case 'LINUX_SLL2':
      return concat(word16(type), word16(0), word32(1), word16(1), Uint8Array.of(0, 6), source, word16(0), payload);
    case 'NULL':
      // A little-endian host's.
      return concat(word32(family(type)).reverse(), payload);
    case 'LOOP':
      return concat(word32(family(type)), payload);
    case 'PPP':
      return concat(word16(type === etherType.ipv6 ? 0x0057 : 0x0021), payload);
  }
}

function family(type: number): number {
  return type === etherType.ipv6 ? 24 : 2;
}

/** A tag, to stand behind an EtherType of a tag. */
export function buildVlan(identifier: number, type: number, payload: Uint8Array, priority = 0): Uint8Array {
  return concat(word16((priority << 13) | identifier), word16(type), payload);
}

export interface IpFields {
  /** 4 or 16 bytes, both the same. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly timeToLive?: number;
  /** IPv4 only. */
  readonly identification?: number;
  readonly moreFragments?: boolean;
  /** In bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  /** A multiple of 4 bytes, at most 40. */
  readonly options?: Uint8Array;
}

/** An IPv4 or IPv6 packet, by the length of the addresses. */
export function buildIp(fields: IpFields, payload: Uint8Array): Uint8Array {
  return fields.source.length === 4 ? buildIpv4(fields, payload) : buildIpv6(fields, payload);
}

export function ipEtherType(address: Uint8Array): number {
  return address.length === 4 ? etherType.ipv4 : etherType.ipv6;
}

function buildIpv4(fields: IpFields, payload: Uint8Array): Uint8Array {
  const { options = new Uint8Array(0), timeToLive = 64, identification = 0, fragmentOffset = 0 } = fields;
  const header = new Uint8Array(20 + options.length);
  const view = new DataView(header.buffer);
  view.setUint8(0, 0x40 | (header.length / 4));
  view.setUint16(2, header.length + payload.length);
  view.setUint16(4, identification);
  view.setUint16(6, (fields.moreFragments === true ? 0x2000 : 0) | (fragmentOffset / 8));
  view.setUint8(8, timeToLive);
  view.setUint8(9, fields.protocol);
  header.set(fields.source, 12);
  header.set(fields.destination, 16);
  header.set(options, 20);
  view.setUint16(10, internetChecksum(header));
  return concat(header, payload);
}

function buildIpv6(fields: IpFields, payload: Uint8Array): Uint8Array {
  const { timeToLive = 64 } = fields;
  const start = concat(word32(0x6000_0000), word16(payload.length), Uint8Array.of(fields.protocol, timeToLive));
  return concat(start, fields.source, fields.destination, payload);
}

/** What TCP, UDP and ICMPv6 checksums cover besides the segment. */
export interface Between {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

export interface TcpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly flags: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly window?: number;
}

export function buildTcp(fields: TcpFields, between: Between, payload: Uint8Array): Uint8Array {
  const { sequence = 1, acknowledgement = 0, window = 64_240 } = fields;
  const segment = concat(
    word16(fields.sourcePort),
    word16(fields.destinationPort),
    word32(sequence),
    word32(acknowledgement),
    Uint8Array.of(0x50, fields.flags),
    word16(window),
    word32(0),
    payload,
  );
  return withChecksum(segment, 16, transportChecksum(segment, between, ipProtocol.tcp));
}

export interface UdpFields {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export function buildUdp(fields: UdpFields, between: Between, payload: Uint8Array): Uint8Array {
  const ports = concat(word16(fields.sourcePort), word16(fields.destinationPort));
  const datagram = concat(ports, word16(8 + payload.length), word16(0), payload);
  // A computed 0 is sent as its other form, for 0 means "no checksum" (RFC 768).
  return withChecksum(datagram, 6, transportChecksum(datagram, between, ipProtocol.udp) || 0xffff);
}

/** An association's first packet: an INIT chunk (RFC 9260 section 3.3.2), then the payload as an unknown chunk would be. */
export function buildSctp(fields: UdpFields, payload: Uint8Array): Uint8Array {
  const ports = concat(word16(fields.sourcePort), word16(fields.destinationPort));
  const init = concat(Uint8Array.of(1, 0), word16(20), word32(1), word32(65_536), word16(1), word16(1), word32(1));
  const packet = concat(ports, word32(0), word32(0), init, payload);
  new DataView(packet.buffer).setUint32(8, crc32c(packet), true);
  return packet;
}

export interface IcmpFields {
  readonly type: number;
  readonly code?: number;
  /** The 32 bits behind the checksum. */
  readonly rest?: number;
}

export function buildIcmp({ type, code = 0, rest = 0x0001_0001 }: IcmpFields, payload: Uint8Array): Uint8Array {
  const message = concat(Uint8Array.of(type, code), word16(0), word32(rest), payload);
  return withChecksum(message, 2, internetChecksum(message));
}

export function buildIcmp6(fields: IcmpFields, between: Between, payload: Uint8Array): Uint8Array {
  const { type, code = 0, rest = 0x0001_0001 } = fields;
  const message = concat(Uint8Array.of(type, code), word16(0), word32(rest), payload);
  return withChecksum(message, 2, transportChecksum(message, between, ipProtocol.icmp6));
}

export interface ArpFields {
  /** 1 asks, 2 answers. */
  readonly operation: number;
  readonly senderMac: Uint8Array;
  readonly sender: Uint8Array;
  readonly targetMac: Uint8Array;
  readonly target: Uint8Array;
}

export function buildArp(fields: ArpFields): Uint8Array {
  const start = concat(word16(1), word16(etherType.ipv4), Uint8Array.of(6, 4), word16(fields.operation));
  return concat(start, fields.senderMac, fields.sender, fields.targetMac, fields.target);
}

/** Over the pseudo-header of RFC 8200 section 8.1, which for IPv4 sums up to the same as RFC 793's. */
function transportChecksum(segment: Uint8Array, between: Between, protocol: number): number {
  return internetChecksum(between.source, between.destination, word32(segment.length), word32(protocol), segment);
}

function withChecksum(bytes: Uint8Array, offset: number, checksum: number): Uint8Array {
  new DataView(bytes.buffer).setUint16(offset, checksum);
  return bytes;
}

export function concat(...pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

function word16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

function word32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

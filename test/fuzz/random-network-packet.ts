import {
  buildArp,
  buildIcmp,
  buildIcmp6,
  buildIp,
  buildSctp,
  buildTcp,
  buildUdp,
  buildVlan,
  concat,
  type Between,
} from '../../src/packet/build.ts';
import { etherType, ipProtocol } from '../../src/packet/protocol.ts';
import type { PacketDice } from './packet-dice.ts';

/** What stands behind a link header, and the EtherType that announces it. */
export interface NetworkPacket {
  readonly type: number;
  readonly bytes: Uint8Array;
}

interface Shape {
  readonly weight: number;
  /** Words of filters that ask for such packets. */
  readonly ifMentioned?: RegExp;
  build(dice: PacketDice, depth: number): NetworkPacket;
}

const pppoe = { discovery: 0x8863, session: 0x8864 };
const pppProtocol = { ipv4: 0x0021, ipv6: 0x0057 };
const otherTypes = [0x88cc, 0x8809, 0x9000, 0x6001, 0x6002, 0x6004, 0x6007, 0x809b, 0x80f3, 0x8137];

const shapes: readonly Shape[] = [
  { weight: 45, build: ipv4 },
  { weight: 20, ifMentioned: /\bip6|:/, build: ipv6 },
  { weight: 7, ifMentioned: /\br?arp\b/, build: (dice) => ({ type: arpType(dice), bytes: arp(dice) }) },
  { weight: 7, ifMentioned: /vlan\b|ether\[|\blen/, build: tagged },
  { weight: 1, ifMentioned: /\bmpls\b/, build: labelled },
  { weight: 1, ifMentioned: /\bpppoes\b/, build: session },
  { weight: 1, ifMentioned: /\bpppoe/, build: discovery },
  { weight: 1, ifMentioned: /\bdecnet\b/, build: decnet },
  { weight: 2, build: (dice) => ({ type: dice.one(otherTypes), bytes: dice.bytes(dice.below(40)) }) },
  { weight: 1, build: (dice) => ({ type: dice.number(16), bytes: dice.bytes(dice.below(60)) }) },
];

/** The weight of a shape that the filter speaks of: about half of the packets have it then, fewer of those inside. */
const preference = 60;
const outermost = 3;

/** @param depth how many headers may still stand inside others */
export function randomNetworkPacket(dice: PacketDice, depth = outermost): NetworkPacket {
  if (depth === 0) return ipv4(dice, 0);
  const weighted = shapes.map((shape) => {
    const isWanted = shape.ifMentioned !== undefined && dice.mentions(shape.ifMentioned);
    return { weight: isWanted ? preference / (outermost - depth + 1) ** 2 : shape.weight, shape };
  });
  return dice.weighted(weighted).shape.build(dice, depth);
}

function arpType(dice: PacketDice): number {
  return dice.one([etherType.arp, etherType.arp, etherType.reverseArp]);
}

function discovery(dice: PacketDice): NetworkPacket {
  return { type: pppoe.discovery, bytes: concat(word8(0x11, 9), dice.bytes(12)) };
}

/** Filters that follow one header after another. */
const walks = /\b(protochain|ext)\b/;
const tunnels = /\b(geneve|vxlan|inner)\b/;

function ipv4(dice: PacketDice, depth: number): NetworkPacket {
  const between = { source: dice.ipv4(), destination: dice.ipv4() };
  const isAuthenticated = dice.chance(dice.mentions(walks) ? 0.4 : 0.05);
  const { protocol, bytes } = isAuthenticated ? authenticated(dice, between) : transport(dice, between, depth);
  const fragment = dice.chance(0.12) ? { fragmentOffset: 8 * dice.one([1, 185, 8191, dice.below(8192)]) } : {};
  const options = dice.chance(0.2) ? { options: dice.bytes(4 * (1 + dice.below(10))) } : {};
  const fields = { ...between, protocol, ...fragment, ...options, moreFragments: dice.chance(0.08) };
  return { type: etherType.ipv4, bytes: buildIp({ ...fields, timeToLive: dice.number(8) }, bytes) };
}

interface Payload {
  readonly protocol: number;
  readonly bytes: Uint8Array;
}

function authenticated(dice: PacketDice, between: Between): Payload {
  const { protocol, bytes } = transport(dice, between, 0);
  const words = 1 + dice.below(6);
  const header = concat(word8(protocol, words), word16(0), dice.bytes(4 * words));
  return { protocol: ipProtocol.authentication, bytes: concat(header, bytes) };
}

const extensions = [ipProtocol.hopByHop, ipProtocol.routing, ipProtocol.fragment, ipProtocol.destinationOptions];

function ipv6(dice: PacketDice, depth: number): NetworkPacket {
  const between = { source: dice.ipv6(), destination: dice.ipv6() };
  let { protocol, bytes } = transport(dice, between, depth);
  for (let more = dice.chance(dice.mentions(walks) ? 0.8 : 0.3) ? 1 + dice.below(4) : 0; more > 0; more--) {
    const kind = dice.chance(0.15) ? ipProtocol.authentication : dice.one(extensions);
    bytes = concat(extensionHeader(dice, kind, protocol), bytes);
    protocol = kind;
  }
  const fields = { ...between, protocol, timeToLive: dice.number(8) };
  return { type: etherType.ipv6, bytes: buildIp(fields, bytes) };
}

function extensionHeader(dice: PacketDice, kind: number, next: number): Uint8Array {
  if (kind === ipProtocol.fragment) {
    const offset = dice.one([0, 0, 1, dice.number(16)]);
    return concat(word8(next, 0), word16(offset), dice.bytes(4));
  }
  const length = dice.one([0, 0, 1, 2]);
  return concat(word8(next, length), dice.bytes(6 + 8 * length));
}

function transport(dice: PacketDice, between: Between, depth: number): Payload {
  const ports = { sourcePort: dice.port(), destinationPort: dice.port() };
  const data = dice.chance(0.6) ? dice.bytes(dice.below(24)) : new Uint8Array();
  if (depth > 0 && dice.mentions(tunnels) && dice.chance(0.7)) return tunnelled(dice, between, depth - 1);
  switch (dice.below(12)) {
    case 0:
    case 1:
    case 2: {
      const flags = dice.one([2, 0x12, 0x10, 0x18, 1, 4, dice.below(256)]);
      const sequence = dice.number(32);
      return { protocol: ipProtocol.tcp, bytes: buildTcp({ ...ports, flags, sequence }, between, data) };
    }
    case 3:
    case 4:
      return { protocol: ipProtocol.udp, bytes: buildUdp(ports, between, data) };
    case 5:
      return { protocol: ipProtocol.sctp, bytes: buildSctp(ports, data) };
    case 6: {
      const fields = { type: dice.one([0, 8, 3, dice.number(8)]), code: dice.below(4) };
      return { protocol: ipProtocol.icmp, bytes: buildIcmp(fields, data) };
    }
    case 7: {
      const fields = { type: dice.one([128, 129, 135, 143, dice.number(8)]), code: dice.below(4) };
      return { protocol: ipProtocol.icmp6, bytes: buildIcmp6(fields, between, data) };
    }
    case 8:
      return { protocol: dice.protocol(), bytes: concat(dice.bytes(8), data) };
    case 9:
      if (depth > 0) return tunnelled(dice, between, depth - 1);
      return { protocol: ipProtocol.igmp, bytes: dice.bytes(8) };
    default: {
      // Ports first, whatever the protocol makes of them.
      const bytes = concat(word16(ports.sourcePort), word16(ports.destinationPort), dice.bytes(16), data);
      return { protocol: dice.one([ipProtocol.tcp, ipProtocol.udp, ipProtocol.sctp, dice.protocol()]), bytes };
    }
  }
}

const tunnelPorts = { geneve: 6081, vxlan: 4789 };

function tunnelled(dice: PacketDice, between: Between, depth: number): Payload {
  const inner = randomNetworkPacket(dice, depth);
  const frame = concat(dice.mac(), dice.mac(), word16(inner.type), inner.bytes);
  const overUdp = (destinationPort: number, bytes: Uint8Array): Payload => {
    const ports = { sourcePort: dice.port(), destinationPort };
    return { protocol: ipProtocol.udp, bytes: buildUdp(ports, between, bytes) };
  };
  const network = concat(word24(dice.number(24)), word8(0));
  switch (dice.below(8)) {
    case 0:
      return { protocol: ipProtocol.gre, bytes: concat(word16(0), word16(inner.type), inner.bytes) };
    case 1:
    case 2: {
      const flags = dice.chance(0.85) ? 8 : dice.below(256);
      return overUdp(tunnelPorts.vxlan, concat(word8(flags), word24(0), network, frame));
    }
    default: {
      const options = dice.chance(0.6) ? 0 : dice.one([1, 2, 5, 31, 32, 63]);
      const version = dice.chance(0.9) ? 0 : dice.below(4) << 6;
      const carriesFrame = dice.chance(0.7);
      const header = concat(word8(version | options, 0), word16(carriesFrame ? 0x6558 : inner.type), network);
      const behind = carriesFrame ? frame : inner.bytes;
      return overUdp(tunnelPorts.geneve, concat(header, dice.bytes(4 * options), behind));
    }
  }
}

function arp(dice: PacketDice): Uint8Array {
  const [senderMac, targetMac] = [dice.mac(), dice.mac()];
  return buildArp({ operation: 1 + dice.below(4), senderMac, sender: dice.ipv4(), targetMac, target: dice.ipv4() });
}

function tagged(dice: PacketDice, depth: number): NetworkPacket {
  const inner = randomNetworkPacket(dice, depth - 1);
  const identifier = dice.number(12);
  const bytes = buildVlan(identifier, inner.type, inner.bytes, dice.below(8));
  return { type: dice.one([etherType.vlan, etherType.vlan, etherType.serviceVlan, etherType.oldServiceVlan]), bytes };
}

function labelled(dice: PacketDice, depth: number): NetworkPacket {
  const label = (isLast: boolean): Uint8Array => {
    const value = ((dice.number(20) << 12) | (dice.below(8) << 9) | (isLast ? 0x100 : 0) | 64) >>> 0;
    return concat(word16(value >>> 16), word16(value & 0xffff));
  };
  const inner = dice.chance(0.5) ? ipv4(dice, depth - 1) : ipv6(dice, depth - 1);
  const above = Array.from({ length: dice.below(3) }, () => label(dice.chance(0.1)));
  return { type: etherType.mpls, bytes: concat(...above, label(dice.chance(0.9)), inner.bytes) };
}

function session(dice: PacketDice, depth: number): NetworkPacket {
  const isIpv4 = dice.chance(0.6);
  const inner = isIpv4 ? ipv4(dice, depth - 1) : ipv6(dice, depth - 1);
  const ppp = dice.chance(0.9) ? (isIpv4 ? pppProtocol.ipv4 : pppProtocol.ipv6) : dice.number(16);
  const header = concat(
    word8(0x11, 0),
    word16(dice.chance(0.5) ? 0x27 : dice.number(16)),
    word16(inner.bytes.length + 2),
  );
  return { type: pppoe.session, bytes: concat(header, word16(ppp), inner.bytes) };
}

function decnet(dice: PacketDice): NetworkPacket {
  const isShort = dice.chance(0.5);
  const address = (): Uint8Array => dice.one([word8(0x7b, 0x28), word8(0x01, 0x0c), dice.bytes(2)]);
  const padding = dice.chance(0.3) ? word8(0x81) : new Uint8Array();
  const body = isShort
    ? concat(word8(2), address(), address(), word8(0))
    : concat(word8(6, 0, 0), dice.bytes(4), address(), dice.bytes(6), address(), dice.bytes(4));
  return { type: 0x6003, bytes: concat(word16(body.length), padding, body) };
}

function word8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function word16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

function word24(value: number): Uint8Array {
  return Uint8Array.of(value >> 16, value >> 8, value);
}

import type { LinkType } from '../ir/link-type.ts';
import type { VlanTag } from '../kernel/netlink/link.ts';
import { buildArp, buildIcmp6, buildIp, buildLink, buildTcp, ipEtherType, type MacAddresses } from '../packet/build.ts';
import { etherType, ipProtocol } from '../packet/protocol.ts';

/** What a TCP session on an interface looks like from outside. */
export interface SessionEnds {
  readonly peer: SessionEnd;
  readonly local: SessionEnd;
  readonly localMac: Uint8Array;
  readonly nextHop: Uint8Array;
  /** Undefined where the kernel has not learnt it. */
  readonly nextHopMac: Uint8Array | undefined;
  /** VLAN tags on its frames, outermost first. */
  readonly tags: readonly VlanTag[];
}

export interface SessionEnd {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  readonly port: number;
}

/** A frame that a session cannot live without. */
export interface SessionFrame {
  readonly what: string;
  readonly bytes: Uint8Array;
}

const [ack, push] = [0x10, 0x08];
const ethernetMtu = 1500;
/** Type of a neighbour solicitation and of an advertisement (RFC 4861). */
const [solicitation, advertisement] = [135, 136];
const unknownMac = Uint8Array.of(0x02, 0, 0, 0, 0, 0x01);
const broadcastMac = new Uint8Array(6).fill(0xff);
const zeroMac = new Uint8Array(6);

/** The frames of one direction: TCP segments without and with data, and what resolves the next hop's address. */
export function sessionFrames(
  ends: SessionEnds,
  direction: 'incoming' | 'outgoing',
  linkType: LinkType,
): readonly SessionFrame[] {
  const [from, to] = direction === 'incoming' ? [ends.peer, ends.local] : [ends.local, ends.peer];
  const [near, far] = [ends.localMac, ends.nextHopMac ?? unknownMac];
  const macs = direction === 'incoming' ? { source: far, destination: near } : { source: near, destination: far };
  const segments = [0, 100, ethernetMtu - 60].map((length) => ({
    what: length === 0 ? 'its bare acknowledgements' : `its segments with ${length} bytes of data`,
    bytes: segmentFrame(from, to, length, linkType, macs),
  }));
  if (linkType !== 'EN10MB') return segments;
  return [...segments, ...resolutionFrames(ends, direction, macs)].map(({ what, bytes }) => ({
    what,
    bytes: withTags(bytes, ends.tags),
  }));
}

/** Tags stand behind the two hardware addresses, each with its EtherType before it. */
function withTags(frame: Uint8Array, tags: readonly VlanTag[]): Uint8Array {
  const addresses = 12;
  const tagBytes = tags.flatMap(({ type, identifier }) => [type >> 8, type & 0xff, identifier >> 8, identifier & 0xff]);
  return Uint8Array.of(...frame.subarray(0, addresses), ...tagBytes, ...frame.subarray(addresses));
}

function segmentFrame(
  from: SessionEnd,
  to: SessionEnd,
  length: number,
  linkType: LinkType,
  macs: MacAddresses,
): Uint8Array {
  const between = { source: from.address, destination: to.address };
  const ports = { sourcePort: from.port, destinationPort: to.port };
  const flags = length === 0 ? ack : ack | push;
  const segment = buildTcp({ ...ports, flags }, between, new Uint8Array(length));
  return buildLink(
    linkType,
    ipEtherType(from.address),
    buildIp({ ...between, protocol: ipProtocol.tcp }, segment),
    macs,
  );
}

/** A question of the sender for the other's address, and its answer to the other's question. */
function resolutionFrames(
  { local, nextHop }: SessionEnds,
  direction: 'incoming' | 'outgoing',
  macs: Required<MacAddresses>,
): readonly SessionFrame[] {
  const [sender, target] = direction === 'incoming' ? [nextHop, local.address] : [local.address, nextHop];
  if (sender.length !== target.length) return [];
  return sender.length === 4 ? arpFrames(sender, target, macs) : discoveryFrames(sender, target, macs);
}

function arpFrames(sender: Uint8Array, target: Uint8Array, macs: Required<MacAddresses>): readonly SessionFrame[] {
  const arp = (operation: number, destination: Uint8Array, targetMac: Uint8Array): Uint8Array => {
    const message = buildArp({ operation, senderMac: macs.source, sender, targetMac, target });
    return buildLink('EN10MB', etherType.arp, message, { source: macs.source, destination });
  };
  return [
    { what: 'the ARP requests it needs', bytes: arp(1, broadcastMac, zeroMac) },
    { what: 'the ARP replies it needs', bytes: arp(2, macs.destination, macs.destination) },
  ];
}

function discoveryFrames(
  sender: Uint8Array,
  target: Uint8Array,
  macs: Required<MacAddresses>,
): readonly SessionFrame[] {
  const message = (
    type: number,
    destination: Uint8Array,
    destinationMac: Uint8Array,
    about: Uint8Array,
  ): Uint8Array => {
    const between = { source: sender, destination };
    // The address asked about, and an option with the sender's hardware address (RFC 4861 section 4.6.1).
    const payload = Uint8Array.of(...about, type === solicitation ? 1 : 2, 1, ...macs.source);
    const icmp = buildIcmp6({ type, rest: 0 }, between, payload);
    const packet = buildIp({ ...between, protocol: ipProtocol.icmp6, timeToLive: 255 }, icmp);
    return buildLink('EN10MB', etherType.ipv6, packet, { source: macs.source, destination: destinationMac });
  };
  const group = solicitedNode(target);
  const groupMac = Uint8Array.of(0x33, 0x33, ...group.subarray(12));
  return [
    { what: 'the neighbour solicitations it needs', bytes: message(solicitation, group, groupMac, target) },
    { what: 'the neighbour advertisements it needs', bytes: message(advertisement, target, macs.destination, sender) },
  ];
}

/** ff02::1:ff00:0/104 with the address's last three bytes (RFC 4291 section 2.7.1). */
function solicitedNode(address: Uint8Array): Uint8Array {
  const group = new Uint8Array(16);
  group.set([0xff, 0x02]);
  group.set([1, 0xff], 11);
  group.set(address.subarray(13), 13);
  return group;
}

import type { Kernel } from './kernel.ts';
import { isSystemError } from './system-error.ts';
import { controlMessages } from './control-message.ts';

export interface PacketSocket {
  /** The interface; 0 is all of them. */
  readonly ifindex: number;
  /** Whole frames (`raw`), or what is above the link header (`cooked`), as for all interfaces at once. */
  readonly layer: 'raw' | 'cooked';
  /** See frames to other stations, too; needs an interface. */
  readonly promiscuous: boolean;
  /** Do not see what this machine sends (Linux 4.20). */
  readonly ignoreOutgoing?: boolean;
  /** Bytes of receive buffer to ask for; the kernel gives what it may. */
  readonly receiveBuffer?: number;
  /** Called before the first packet can arrive: the place to attach a filter. */
  readonly prepare?: (descriptor: number) => void;
}

/** What came with a packet. Its bytes are in the buffer, from `tagRoom` on. */
export interface ReceivedPacket {
  /** Bytes in the buffer. */
  readonly capturedLength: number;
  /** Bytes that the packet had, without a tag in metadata. */
  readonly length: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly ifindex: number;
  /** EtherType of what is above the link header (and the tag in metadata). */
  readonly protocol: number;
  /** ARPHRD_… */
  readonly hardwareType: number;
  /** PACKET_HOST 0, _BROADCAST 1, _MULTICAST 2, _OTHERHOST 3, _OUTGOING 4. */
  readonly packetType: number;
  /** The sender's link address. */
  readonly address: Uint8Array;
  /** The outer VLAN tag where the kernel has taken it out of the bytes. */
  readonly tag: VlanTag | undefined;
}

export interface VlanTag {
  /** Tag control information: priority, drop eligible, id. */
  readonly control: number;
  /** 0x8100 or 0x88a8. */
  readonly protocol: number;
}

export interface PacketStatistics {
  /** Packets that passed the filter, dropped ones included. */
  readonly received: number;
  /** Packets that passed the filter and found the buffer full. */
  readonly dropped: number;
}

/** Bytes that `receivePacket` leaves free at the start of the buffer, for `restoreTag`. */
export const tagRoom = 4;

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_DGRAM = 2;
/** ETH_P_ALL in network byte order. */
const allProtocols = 0x0300;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
/** PACKET_… */
const option = { addMembership: 1, statistics: 6, auxiliaryData: 8, ignoreOutgoing: 23 };
const PACKET_MR_PROMISC = 1;
const MSG_DONTWAIT = 0x40;
const TP_STATUS_VLAN_VALID = 1 << 4;
const TP_STATUS_VLAN_TPID_VALID = 1 << 6;
const EtherTypeVlan = 0x8100;
/** Offsets in `struct sockaddr_ll`. */
const socketAddress = {
  size: 20,
  family: 0,
  protocol: 2,
  ifindex: 4,
  hardwareType: 8,
  packetType: 10,
  length: 11,
  address: 12,
};
/** Offsets in `struct tpacket_auxdata`. */
const auxiliary = { status: 0, length: 4, tagControl: 16, tagProtocol: 18 };

/**
 * Opens a packet socket. No packet arrives before `prepare` is done, so that none passes a filter unseen by it.
 * @returns a descriptor
 * @throws SystemError EPERM without CAP_NET_RAW, ENODEV or ENXIO when the interface has gone
 */
export function openPacketSocket(kernel: Kernel, wanted: PacketSocket): number {
  // Protocol 0 receives nothing until bind(2) names one.
  const descriptor = kernel.socket(AF_PACKET, wanted.layer === 'raw' ? SOCK_RAW : SOCK_DGRAM, 0);
  try {
    kernel.setSocketOption(descriptor, SOL_PACKET, option.auxiliaryData, u32(1));
    kernel.setSocketOption(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, u32(1));
    if (wanted.receiveBuffer !== undefined) setReceiveBuffer(kernel, descriptor, wanted.receiveBuffer);
    if (wanted.ignoreOutgoing === true) kernel.setSocketOption(descriptor, SOL_PACKET, option.ignoreOutgoing, u32(1));
    wanted.prepare?.(descriptor);
    kernel.bind(descriptor, bindAddress(wanted.ifindex));
    if (wanted.promiscuous && wanted.ifindex !== 0) enterPromiscuousMode(kernel, descriptor, wanted.ifindex);
    return descriptor;
  } catch (error) {
    kernel.close(descriptor);
    throw error;
  }
}

/**
 * Takes the next packet, without waiting.
 * @param buffer the packet's bytes go to `tagRoom` and on; what does not fit is cut off
 * @returns undefined when there is none
 * @throws SystemError ENETDOWN, once, when the interface goes down or away
 */
export function receivePacket(kernel: Kernel, descriptor: number, buffer: Uint8Array): ReceivedPacket | undefined {
  const data = buffer.subarray(tagRoom);
  const address = new Uint8Array(socketAddress.size);
  const control = new Uint8Array(256);
  let received;
  try {
    received = kernel.receiveMessage(descriptor, { data, address, control }, MSG_DONTWAIT);
  } catch (error) {
    if (isSystemError(error, 'EAGAIN')) return undefined;
    throw error;
  }
  const from = new DataView(address.buffer);
  let { length } = received;
  let tag: VlanTag | undefined;
  let seconds = 0;
  let nanoseconds = 0;
  for (const { level, type, content } of controlMessages(control.subarray(0, received.controlLength))) {
    const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
    if (level === SOL_PACKET && type === option.auxiliaryData) {
      length = view.getUint32(auxiliary.length, true);
      tag = tagIn(view);
    } else if (level === SOL_SOCKET && type === SO_TIMESTAMPNS) {
      seconds = Number(view.getBigInt64(0, true));
      nanoseconds = Number(view.getBigInt64(8, true));
    }
  }
  const addressLength = Math.min(from.getUint8(socketAddress.length), 8);
  return {
    capturedLength: received.length,
    length,
    seconds,
    nanoseconds,
    ifindex: from.getInt32(socketAddress.ifindex, true),
    protocol: from.getUint16(socketAddress.protocol, false),
    hardwareType: from.getUint16(socketAddress.hardwareType, true),
    packetType: from.getUint8(socketAddress.packetType),
    address: address.subarray(socketAddress.address, socketAddress.address + addressLength),
    tag,
  };
}

/**
 * Puts a tag from the metadata of a raw Ethernet frame back to where it was on the wire.
 * @returns where the frame starts in the buffer, and its lengths with the tag
 */
export function restoreTag(
  buffer: Uint8Array,
  packet: ReceivedPacket,
): { readonly start: number; readonly capturedLength: number; readonly length: number } {
  const { tag, capturedLength, length } = packet;
  const bothAddresses = 12;
  if (tag === undefined || capturedLength < bothAddresses) return { start: tagRoom, capturedLength, length };
  buffer.copyWithin(0, tagRoom, tagRoom + bothAddresses);
  const view = new DataView(buffer.buffer, buffer.byteOffset);
  view.setUint16(bothAddresses, tag.protocol);
  view.setUint16(bothAddresses + 2, tag.control);
  return { start: 0, capturedLength: capturedLength + tagRoom, length: length + tagRoom };
}

/** Counts since the last time this was asked (the kernel starts over). */
export function packetStatistics(kernel: Kernel, descriptor: number): PacketStatistics {
  const bytes = new Uint8Array(8);
  kernel.getSocketOption(descriptor, SOL_PACKET, option.statistics, bytes);
  const view = new DataView(bytes.buffer);
  return { received: view.getUint32(0, true), dropped: view.getUint32(4, true) };
}

/** `struct sockaddr_ll` for bind(2). */
function bindAddress(ifindex: number): Uint8Array {
  const address = new Uint8Array(socketAddress.size);
  const view = new DataView(address.buffer);
  view.setUint16(socketAddress.family, AF_PACKET, true);
  view.setUint16(socketAddress.protocol, allProtocols, true);
  view.setInt32(socketAddress.ifindex, ifindex, true);
  return address;
}

/** `struct packet_mreq`; the membership ends with the socket. */
function enterPromiscuousMode(kernel: Kernel, descriptor: number, ifindex: number): void {
  const membership = new Uint8Array(16);
  const view = new DataView(membership.buffer);
  view.setInt32(0, ifindex, true);
  view.setUint16(4, PACKET_MR_PROMISC, true);
  kernel.setSocketOption(descriptor, SOL_PACKET, option.addMembership, membership);
}

/** Beyond the system's limit where CAP_NET_ADMIN allows it, else up to it. */
function setReceiveBuffer(kernel: Kernel, descriptor: number, bytes: number): void {
  try {
    kernel.setSocketOption(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, u32(bytes));
  } catch (error) {
    if (!isSystemError(error, 'EPERM')) throw error;
    kernel.setSocketOption(descriptor, SOL_SOCKET, SO_RCVBUF, u32(bytes));
  }
}

function tagIn(data: DataView): VlanTag | undefined {
  const status = data.getUint32(auxiliary.status, true);
  if ((status & TP_STATUS_VLAN_VALID) === 0) return undefined;
  const hasProtocol = (status & TP_STATUS_VLAN_TPID_VALID) !== 0;
  return {
    control: data.getUint16(auxiliary.tagControl, true),
    protocol: hasProtocol ? data.getUint16(auxiliary.tagProtocol, true) : EtherTypeVlan,
  };
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

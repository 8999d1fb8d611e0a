import type { ReceivedPacket } from '../kernel/packet-socket.ts';

/** Bytes of a LINUX_SLL2 header. https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html */
export const cookedHeaderLength = 20;

/**
 * Writes the header for a packet from a cooked packet socket before its bytes, and between them a VLAN tag that the
 * kernel had taken out. (Of two tags, Linux 6.11 and later names the protocol behind both, yet leaves the inner one in
 * the bytes; tcpdump shows that packet no better.)
 * @param offset of the packet's bytes, with room before for the header and a tag
 * @returns how many bytes came in front
 */
export function writeCookedHeader(bytes: Uint8Array, offset: number, packet: ReceivedPacket): number {
  const { tag } = packet;
  const tagLength = tag === undefined ? 0 : 4;
  const added = cookedHeaderLength + tagLength;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset - added, added);
  view.setUint16(0, tag?.protocol ?? packet.protocol);
  view.setUint16(2, 0);
  view.setUint32(4, packet.ifindex);
  view.setUint16(8, packet.hardwareType);
  view.setUint8(10, packet.packetType);
  view.setUint8(11, packet.address.length);
  bytes.fill(0, offset - added + 12, offset - tagLength);
  bytes.set(packet.address, offset - added + 12);
  if (tag !== undefined) {
    view.setUint16(cookedHeaderLength, tag.control);
    view.setUint16(cookedHeaderLength + 2, packet.protocol);
  }
  return added;
}

import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';

/**
 * A frame as TC ingress and receiving packet sockets show it: the outer 0x8100 or 0x88a8 tag out of the bytes and in
 * metadata, the length four less. Frames that are cut off before the end of the tag stay as they are.
 */
export function tagInMetadata(packet: Packet, linkType: LinkType): Packet {
  const { bytes, length } = packet;
  if (linkType !== 'EN10MB' || bytes.length < 16) return packet;
  const word = (offset: number): number => ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number);
  const protocol = word(12);
  if (protocol !== 0x8100 && protocol !== 0x88a8) return packet;
  const rest = new Uint8Array(bytes.length - 4);
  rest.set(bytes.subarray(0, 12));
  rest.set(bytes.subarray(16), 12);
  const metadata = { 'vlan-present': 1, 'vlan-tci': word(14), 'vlan-protocol': protocol };
  return { bytes: rest, length: length - 4, metadata };
}

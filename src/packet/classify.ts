import type { LinkType } from '../ir/link-type.ts';
import { describeEtherType, etherType, ipProtocol, ipProtocolName, vlanEtherTypes } from './protocol.ts';

/**
 * A packet's protocol as one number, found without an object per packet: the EtherType behind all tags and, for IP,
 * 65,536 times one more than the number of the innermost protocol that its headers announce.
 */
export type ProtocolCode = number;

/** A packet whose link header is not whole, or says nothing that we know. */
export const unknownProtocol: ProtocolCode = 0;

const ipFactor = 65_536;
/** EtherTypes up to here are lengths of 802.3 frames. */
const longestLength = 1500;

/** @param view over the batch; the packet's `captured` bytes stand from `offset` on */
export function classifyPacket(view: DataView, offset: number, captured: number, linkType: LinkType): ProtocolCode {
  const end = offset + captured;
  switch (linkType) {
    case 'EN10MB':
      return captured < 14 ? unknownProtocol : behindEtherType(view, view.getUint16(offset + 12), offset + 14, end);
    case 'LINUX_SLL':
      return captured < 16 ? unknownProtocol : behindEtherType(view, view.getUint16(offset + 14), offset + 16, end);
    case 'LINUX_SLL2':
      return captured < 20 ? unknownProtocol : behindEtherType(view, view.getUint16(offset), offset + 20, end);
    case 'RAW':
    case 'IPV4':
    case 'IPV6':
      return behindVersion(view, offset, end);
    case 'NULL':
    case 'LOOP':
      return behindVersion(view, offset + 4, end);
    case 'PPP': {
      const hasAddress = captured >= 2 && view.getUint16(offset) === 0xff03;
      return behindVersion(view, offset + (hasAddress ? 4 : 2), end);
    }
  }
}

/** For link types that carry little but IP: its first four bits tell the version. */
function behindVersion(view: DataView, at: number, end: number): ProtocolCode {
  if (at >= end) return unknownProtocol;
  const version = view.getUint8(at) >> 4;
  if (version !== 4 && version !== 6) return unknownProtocol;
  return behindEtherType(view, version === 4 ? etherType.ipv4 : etherType.ipv6, at, end);
}

function behindEtherType(view: DataView, first: number, start: number, end: number): ProtocolCode {
  let type = first;
  let at = start;
  while (vlanEtherTypes.includes(type) && at + 4 <= end) {
    type = view.getUint16(at + 2);
    at += 4;
  }
  if (type <= longestLength) return longestLength;
  if (type === etherType.ipv4 && at + 20 <= end) return ipCode(type, view.getUint8(at + 9));
  if (type === etherType.ipv6 && at + 40 <= end)
    return ipCode(type, lastNextHeader(view, view.getUint8(at + 6), at + 40, end));
  return type;
}

function ipCode(type: number, protocol: number): ProtocolCode {
  return type + ipFactor * (protocol + 1);
}

/** Past the extension headers that are captured. */
function lastNextHeader(view: DataView, first: number, start: number, end: number): number {
  let header = first;
  for (let at = start; at + 8 <= end;) {
    const isFragment = header === ipProtocol.fragment;
    if (
      !isFragment &&
      header !== ipProtocol.hopByHop &&
      header !== ipProtocol.routing &&
      header !== ipProtocol.destinationOptions
    )
      break;
    header = view.getUint8(at);
    at += isFragment ? 8 : 8 * (view.getUint8(at + 1) + 1);
  }
  return header;
}

/** For statistics, which count by codes and name them in the end. */
export const packetClassifier = { classify: classifyPacket, describe: describeProtocol };

/** `IPv4 tcp`, `ARP (0x0806)`, `802.3`, `unknown`. */
export function describeProtocol(code: ProtocolCode): string {
  if (code === unknownProtocol) return 'unknown';
  if (code === longestLength) return '802.3';
  if (code < ipFactor) return describeEtherType(code);
  const version = code % ipFactor === etherType.ipv4 ? 'IPv4' : 'IPv6';
  return `${version} ${ipProtocolName(Math.floor(code / ipFactor) - 1)}`;
}

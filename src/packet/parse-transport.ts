import type { Layer } from './layer.ts';
import { truncatedAt, type Continuation, type Step } from './step.ts';
import { etherType, ipProtocol } from './protocol.ts';

/** The header of an IP protocol, IPv6 extension headers among them. */
export function parseTransportHeader(view: DataView, at: Continuation): Step {
  switch (at.number) {
    case ipProtocol.tcp:
      return parseTcp(view, at);
    case ipProtocol.udp:
      return parseUdp(view, at);
    case ipProtocol.sctp:
      return parseSctp(view, at);
    case ipProtocol.icmp:
      return parseIcmp(view, at, 'icmp');
    case ipProtocol.icmp6:
      return parseIcmp(view, at, 'icmp6');
    case 4:
      return { ...unknown(at), next: { space: 'ethernet', number: etherType.ipv4, offset: at.offset, end: at.end } };
    case ipProtocol.ipv6:
      return { ...unknown(at), next: { space: 'ethernet', number: etherType.ipv6, offset: at.offset, end: at.end } };
  }
  return at.overIpv6 === true && extensionHeaders.includes(at.number) ? parseExtension(view, at) : unknown(at);
}

function unknown({ number, offset, end }: Continuation): Step {
  return { layer: { kind: 'other', offset, protocol: { space: 'ip', number }, length: Math.max(end - offset, 0) } };
}

const extensionHeaders: readonly number[] = [
  ipProtocol.hopByHop,
  ipProtocol.routing,
  ipProtocol.fragment,
  ipProtocol.destinationOptions,
  ipProtocol.authentication,
  ipProtocol.mobility,
];

function parseExtension(view: DataView, at: Continuation): Step {
  const { number, offset } = at;
  if (offset + 8 > view.byteLength) return truncatedAt(offset, 'IPv6 extension');
  const nextHeader = view.getUint8(offset);
  const length = extensionLength(number, view.getUint8(offset + 1));
  const layer: Layer = { kind: 'extension', offset, header: number, nextHeader, length };
  const next: Continuation = { ...at, number: nextHeader, offset: offset + length };
  if (number !== ipProtocol.fragment) return { layer, next };
  const fragmentOffset = view.getUint16(offset + 2) & 0xfff8;
  const fragment: Layer = { ...layer, fragmentOffset };
  return fragmentOffset === 0 ? { layer: fragment, next } : { layer: fragment };
}

/** The authentication header counts in words of four bytes, less two (RFC 4302); the others in eights, less one. */
function extensionLength(header: number, field: number): number {
  if (header === ipProtocol.fragment) return 8;
  return header === ipProtocol.authentication ? 4 * (field + 2) : 8 * (field + 1);
}

function parseTcp(view: DataView, { offset, end }: Continuation): Step {
  if (offset + 20 > view.byteLength) return truncatedAt(offset, 'TCP');
  const headerLength = 4 * (view.getUint8(offset + 12) >> 4);
  if (headerLength < 20) return truncatedAt(offset, 'TCP');
  const layer: Layer = {
    kind: 'tcp',
    offset,
    sourcePort: view.getUint16(offset),
    destinationPort: view.getUint16(offset + 2),
    sequence: view.getUint32(offset + 4),
    acknowledgement: view.getUint32(offset + 8),
    headerLength,
    flags: view.getUint8(offset + 13),
    window: view.getUint16(offset + 14),
    payloadLength: Math.max(end - offset - headerLength, 0),
  };
  return { layer };
}

function parseUdp(view: DataView, { offset, end }: Continuation): Step {
  if (offset + 8 > view.byteLength) return truncatedAt(offset, 'UDP');
  const layer: Layer = {
    kind: 'udp',
    offset,
    sourcePort: view.getUint16(offset),
    destinationPort: view.getUint16(offset + 2),
    // 0 means "to the end" in jumbograms.
    payloadLength: Math.max((view.getUint16(offset + 4) || end - offset) - 8, 0),
  };
  return { layer };
}

function parseSctp(view: DataView, { offset }: Continuation): Step {
  if (offset + 12 > view.byteLength) return truncatedAt(offset, 'SCTP');
  const ports = { sourcePort: view.getUint16(offset), destinationPort: view.getUint16(offset + 2) };
  if (offset + 13 > view.byteLength) return { layer: { kind: 'sctp', offset, ...ports } };
  return { layer: { kind: 'sctp', offset, ...ports, chunkType: view.getUint8(offset + 12) } };
}

function parseIcmp(view: DataView, { offset, end }: Continuation, kind: 'icmp' | 'icmp6'): Step {
  if (offset + 8 > view.byteLength) return truncatedAt(offset, kind === 'icmp' ? 'ICMP' : 'ICMPv6');
  const layer: Layer = {
    kind,
    offset,
    type: view.getUint8(offset),
    code: view.getUint8(offset + 1),
    rest: view.getUint32(offset + 4),
    messageLength: Math.max(end - offset, 0),
  };
  return { layer };
}

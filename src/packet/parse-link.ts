import type { LinkType } from '../ir/link-type.ts';
import type { Layer } from './layer.ts';
import { copyBytes, truncatedAt, type Continuation, type Step } from './step.ts';
import { etherType } from './protocol.ts';

/** Raw IP has no link header: no layer, only a way on. */
export type LinkStep = Step | { readonly layer: undefined; readonly next?: Continuation };

/** The link header at the start of a packet whose length on the wire is `end`. */
export function parseLinkHeader(view: DataView, end: number, linkType: LinkType): LinkStep {
  switch (linkType) {
    case 'EN10MB':
      return parseEthernet(view, end);
    case 'RAW':
    case 'IPV4':
    case 'IPV6':
      return parseRaw(view, end, linkType);
    case 'LINUX_SLL':
      return parseCooked(view, end);
    case 'LINUX_SLL2':
      return parseCooked2(view, end);
    case 'NULL':
    case 'LOOP':
      return parseLoopback(view, end);
    case 'PPP':
      return parsePpp(view, end);
  }
}

function parseEthernet(view: DataView, end: number): LinkStep {
  if (view.byteLength < 14) return truncatedAt(0, 'Ethernet');
  const type = view.getUint16(12);
  const layer: Layer = {
    kind: 'ethernet',
    offset: 0,
    destination: copyBytes(view, 0, 6),
    source: copyBytes(view, 6, 6),
    etherType: type,
  };
  return { layer, next: { space: 'ethernet', number: type, offset: 14, end } };
}

function parseRaw(view: DataView, end: number, linkType: 'RAW' | 'IPV4' | 'IPV6'): LinkStep {
  if (view.byteLength === 0) return truncatedAt(0, 'IP');
  const version = linkType === 'RAW' ? view.getUint8(0) >> 4 : linkType === 'IPV4' ? 4 : 6;
  if (version !== 4 && version !== 6) return truncatedAt(0, 'IP');
  const number = version === 4 ? etherType.ipv4 : etherType.ipv6;
  return { layer: undefined, next: { space: 'ethernet', number, offset: 0, end } };
}

function parseCooked(view: DataView, end: number): LinkStep {
  if (view.byteLength < 16) return truncatedAt(0, 'Linux cooked');
  const type = view.getUint16(14);
  return {
    layer: { kind: 'cooked', offset: 0, version: 1, packetType: view.getUint16(0), etherType: type },
    next: { space: 'ethernet', number: type, offset: 16, end },
  };
}

function parseCooked2(view: DataView, end: number): LinkStep {
  if (view.byteLength < 20) return truncatedAt(0, 'Linux cooked');
  const type = view.getUint16(0);
  const interfaceIndex = view.getUint32(4);
  return {
    layer: { kind: 'cooked', offset: 0, version: 2, packetType: view.getUint8(10), etherType: type, interfaceIndex },
    next: { space: 'ethernet', number: type, offset: 20, end },
  };
}

/** The values of AF_INET6 of the BSDs, Darwin and Linux; AF_INET is 2 everywhere. */
const ipv6Families: readonly number[] = [24, 28, 30, 10];

/** The family may be in either byte order: it is below 65,536, so the smaller reading is the right one. */
function parseLoopback(view: DataView, end: number): LinkStep {
  if (view.byteLength < 4) return truncatedAt(0, 'loopback');
  const family = Math.min(view.getUint32(0), view.getUint32(0, true));
  const layer: Layer = { kind: 'loopback', offset: 0, family };
  const number = family === 2 ? etherType.ipv4 : ipv6Families.includes(family) ? etherType.ipv6 : undefined;
  if (number === undefined) return { layer };
  return { layer, next: { space: 'ethernet', number, offset: 4, end } };
}

const pppProtocols: ReadonlyMap<number, number> = new Map([
  [0x0021, etherType.ipv4],
  [0x0057, etherType.ipv6],
  [0x0281, etherType.mpls],
]);

/** With or without the address and control bytes FF 03 in front (RFC 1662), as captures have both. */
function parsePpp(view: DataView, end: number): LinkStep {
  const start = view.byteLength >= 2 && view.getUint16(0) === 0xff03 ? 2 : 0;
  if (view.byteLength < start + 2) return truncatedAt(0, 'PPP');
  const protocol = view.getUint16(start);
  const layer: Layer = { kind: 'ppp', offset: 0, protocol };
  const number = pppProtocols.get(protocol);
  if (number === undefined) return { layer };
  return { layer, next: { space: 'ethernet', number, offset: start + 2, end } };
}

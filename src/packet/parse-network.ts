import type { Layer } from './layer.ts';
import { copyBytes, truncatedAt, type Continuation, type Step } from './step.ts';
import { etherType, vlanEtherTypes } from './protocol.ts';

/** The header of an EtherType. */
export function parseNetworkHeader(view: DataView, at: Continuation): Step {
  const { number } = at;
  if (number === etherType.ipv4) return parseIpv4Header(view, at);
  if (number === etherType.ipv6) return parseIpv6Header(view, at);
  if (number === etherType.arp || number === etherType.reverseArp) return parseArp(view, at);
  if (vlanEtherTypes.includes(number)) return parseVlan(view, at);
  if (number <= longestLength) return parseLlc(view, at);
  const { offset, end } = at;
  return {
    layer: { kind: 'other', offset, protocol: { space: 'ethernet', number }, length: Math.max(end - offset, 0) },
  };
}

/** EtherTypes up to here are lengths of 802.3 frames. */
const longestLength = 1500;

function parseVlan(view: DataView, { offset, end }: Continuation): Step {
  if (offset + 4 > view.byteLength) return truncatedAt(offset, 'VLAN');
  const control = view.getUint16(offset);
  const number = view.getUint16(offset + 2);
  const layer: Layer = {
    kind: 'vlan',
    offset,
    identifier: control & 0x0fff,
    priority: control >> 13,
    dropEligible: (control & 0x1000) !== 0,
    etherType: number,
  };
  return { layer, next: { space: 'ethernet', number, offset: offset + 4, end } };
}

/** 802.2; with the service access points AA AA, a SNAP header with an EtherType follows (RFC 1042). */
function parseLlc(view: DataView, at: Continuation): Step {
  const { offset, end } = at;
  if (offset + 3 > view.byteLength) return truncatedAt(offset, 'LLC');
  const services = { destinationService: view.getUint8(offset), sourceService: view.getUint8(offset + 1) };
  const isSnap = view.getUint16(offset) === 0xaaaa && view.getUint8(offset + 2) === 3;
  if (!isSnap) return { layer: { kind: 'llc', offset, ...services } };
  if (offset + 8 > view.byteLength) return truncatedAt(offset, 'SNAP');
  const number = view.getUint16(offset + 6);
  const layer: Layer = { kind: 'llc', offset, ...services, etherType: number };
  // Only organisation 0 means EtherTypes; a length there would have us come back without end.
  const isEtherType = view.getUint16(offset + 3) === 0 && view.getUint8(offset + 5) === 0 && number > longestLength;
  return isEtherType ? { layer, next: { space: 'ethernet', number, offset: offset + 8, end } } : { layer };
}

function parseArp(view: DataView, { offset, number }: Continuation): Step {
  if (offset + 8 > view.byteLength) return truncatedAt(offset, 'ARP');
  const hardware = view.getUint8(offset + 4);
  const address = view.getUint8(offset + 5);
  if (offset + 8 + 2 * (hardware + address) > view.byteLength) return truncatedAt(offset, 'ARP');
  let position = offset + 8;
  const take = (length: number): Uint8Array => {
    position += length;
    return copyBytes(view, position - length, length);
  };
  const layer: Layer = {
    kind: 'arp',
    offset,
    reverse: number === etherType.reverseArp,
    operation: view.getUint16(offset + 6),
    senderHardware: take(hardware),
    senderAddress: take(address),
    targetHardware: take(hardware),
    targetAddress: take(address),
  };
  return { layer };
}

function parseIpv4Header(view: DataView, { offset, end }: Continuation): Step {
  if (offset + 20 > view.byteLength) return truncatedAt(offset, 'IPv4');
  const headerLength = 4 * (view.getUint8(offset) & 0x0f);
  const isWhole = view.getUint8(offset) >> 4 === 4 && headerLength >= 20 && offset + headerLength <= view.byteLength;
  if (!isWhole) return truncatedAt(offset, 'IPv4');
  const fragment = view.getUint16(offset + 6);
  const totalLength = view.getUint16(offset + 2);
  const layer: Layer = {
    kind: 'ipv4',
    offset,
    headerLength,
    totalLength,
    identification: view.getUint16(offset + 4),
    moreFragments: (fragment & 0x2000) !== 0,
    dontFragment: (fragment & 0x4000) !== 0,
    fragmentOffset: 8 * (fragment & 0x1fff),
    timeToLive: view.getUint8(offset + 8),
    protocol: view.getUint8(offset + 9),
    source: copyBytes(view, offset + 12, 4),
    destination: copyBytes(view, offset + 16, 4),
  };
  const next: Continuation = {
    space: 'ip',
    number: layer.protocol,
    offset: offset + headerLength,
    // 0 where a segment beyond 64 KiB or one yet to be segmented was captured.
    end: totalLength === 0 ? end : Math.min(end, offset + totalLength),
  };
  return layer.fragmentOffset === 0 ? { layer, next } : { layer };
}

function parseIpv6Header(view: DataView, { offset, end }: Continuation): Step {
  if (offset + 40 > view.byteLength || view.getUint8(offset) >> 4 !== 6) return truncatedAt(offset, 'IPv6');
  const payloadLength = view.getUint16(offset + 4);
  const number = view.getUint8(offset + 6);
  const layer: Layer = {
    kind: 'ipv6',
    offset,
    payloadLength,
    nextHeader: number,
    hopLimit: view.getUint8(offset + 7),
    source: copyBytes(view, offset + 8, 16),
    destination: copyBytes(view, offset + 24, 16),
  };
  // 0 for jumbograms (RFC 2675).
  const ends = payloadLength === 0 ? end : Math.min(end, offset + 40 + payloadLength);
  return { layer, next: { space: 'ip', number, offset: offset + 40, end: ends, overIpv6: true } };
}

import type { LinkType } from '../ir/link-type.ts';
import {
  buildIcmp,
  buildIcmp6,
  buildIp,
  buildLink,
  buildSctp,
  buildTcp,
  buildUdp,
  buildVlan,
  ipEtherType,
} from './build.ts';
import type { Flow } from './flow.ts';
import { etherType, ipProtocol } from './protocol.ts';

/** A flow whose `len` is less than its headers, or more than IP can say. */
export class FlowLengthError extends Error {
  constructor(length: number, least: number, greatest: number) {
    super(`this flow's packets have from ${least} to ${greatest} bytes, not ${length}`);
    this.name = 'FlowLengthError';
  }
}

/**
 * The frame that a flow stands for, lengths and checksums right; its payload is zeros.
 * @throws FlowLengthError
 */
export function frameOf(flow: Flow, linkType: LinkType = 'EN10MB'): Uint8Array {
  const shortest = buildFrame(flow, linkType, 0);
  if (flow.length === undefined) return shortest;
  const payload = flow.length - shortest.length;
  const longest = shortest.length + 65_535 - ipLength(flow);
  if (payload < 0 || flow.length > longest) throw new FlowLengthError(flow.length, shortest.length, longest);
  return buildFrame(flow, linkType, payload);
}

/** What IP's own length field counts when there is no payload. */
function ipLength(flow: Flow): number {
  const packet = buildFrame({ ...flow, vlans: [] }, 'RAW', 0);
  return flow.source.address.length === 4 ? packet.length : packet.length - 40;
}

function buildFrame(flow: Flow, linkType: LinkType, payloadLength: number): Uint8Array {
  const between = { source: flow.source.address, destination: flow.destination.address };
  const segment = buildSegment(flow, new Uint8Array(payloadLength));
  let payload = buildIp({ ...between, protocol: flow.protocol }, segment);
  let type = ipEtherType(between.source);
  for (const identifier of flow.vlans.toReversed()) {
    payload = buildVlan(identifier, type, payload);
    type = etherType.vlan;
  }
  return buildLink(linkType, type, payload);
}

function buildSegment(flow: Flow, payload: Uint8Array): Uint8Array {
  const between = { source: flow.source.address, destination: flow.destination.address };
  const ports = { sourcePort: flow.source.port ?? 0, destinationPort: flow.destination.port ?? 0 };
  switch (flow.protocol) {
    case ipProtocol.tcp:
      return buildTcp({ ...ports, flags: flow.tcpFlags }, between, payload);
    case ipProtocol.udp:
      return buildUdp(ports, between, payload);
    case ipProtocol.sctp:
      return buildSctp(ports, payload);
    case ipProtocol.icmp:
      return buildIcmp({ type: 8 }, payload);
    case ipProtocol.icmp6:
      return buildIcmp6({ type: 128 }, between, payload);
    default:
      return payload;
  }
}

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

/** There is no frame for a flow: its `len` does not fit its headers, or its tags not the link type. */
export class FlowFrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FlowFrameError';
  }
}

/** Link types whose headers say what follows by an EtherType, which a tag needs. */
const taggedLinkTypes: readonly LinkType[] = ['EN10MB', 'LINUX_SLL', 'LINUX_SLL2'];

/**
 * The frame that a flow stands for, lengths and checksums right; its payload is zeros.
 * @throws FlowFrameError
 */
export function frameOf(flow: Flow, linkType: LinkType = 'EN10MB'): Uint8Array {
  if (flow.vlans.length > 0 && !taggedLinkTypes.includes(linkType)) {
    throw new FlowFrameError(`packets of link type ${linkType} have no VLAN tags`);
  }
  const shortest = buildFrame(flow, linkType, 0);
  if (flow.length === undefined) return shortest;
  const payload = flow.length - shortest.length;
  const longest = shortest.length + 65_535 - ipLength(flow);
  if (payload < 0 || flow.length > longest) {
    throw new FlowFrameError(`such packets have from ${shortest.length} to ${longest} bytes, not ${flow.length}`);
  }
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

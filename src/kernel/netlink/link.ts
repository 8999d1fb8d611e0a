import type { Kernel } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import {
  encodeAttributes,
  joinBytes,
  nested,
  parseAttributes,
  textAttribute,
  textOf,
  u32Attribute,
  u32Of,
} from './attribute.ts';
import type { Attribute, Attributes } from './attribute.ts';
import type { Message } from './message.ts';
import { dump, request } from './request.ts';

/** A network interface. */
export interface Link {
  readonly ifindex: number;
  readonly name: string;
  /** ARPHRD_…: 1 is Ethernet, 772 the loopback, 65534 none. */
  readonly hardwareType: number;
  /** Bytes. */
  readonly mtu: number;
  /** IFF_…, see `linkFlags`. */
  readonly flags: number;
  /** The hardware address, 6 bytes for Ethernet. */
  readonly address: Uint8Array;
  /** `veth`, `bridge`, `vlan`, …; undefined for a physical card and the loopback. */
  readonly kind: string | undefined;
  /** For a veth or a vlan: the interface at the other end or below. */
  readonly lowerIfindex: number | undefined;
  /** Whether that one is in another network namespace, where its number means something. */
  readonly lowerElsewhere: boolean;
  /** The bridge or bond that it is a member of. */
  readonly masterIfindex: number | undefined;
  /** For a vlan: the tag that it puts on frames. */
  readonly vlan: VlanTag | undefined;
  /** The XDP programs; at most one for each mode. */
  readonly xdp: readonly LinkXdpProgram[];
}

export interface VlanTag {
  readonly identifier: number;
  /** 0x8100 or 0x88a8. */
  readonly type: number;
}

export interface LinkXdpProgram {
  readonly mode: XdpMode;
  readonly programId: number;
}

export type XdpMode = 'native' | 'generic' | 'offload';

/** IFF_… */
export const linkFlags = { up: 0x1, loopback: 0x8, running: 0x40, noArp: 0x80, promiscuous: 0x100 } as const;

const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const linkMessageSize = 16;
const longestName = 15;
/** IFLA_… */
const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  linkInfo: 18,
  linkNetns: 37,
  extensionMask: 29,
  xdp: 43,
  alternativeName: 53,
};
const IFLA_INFO = { kind: 1, data: 2 };
/** IFLA_VLAN_…; the identifier is in host order, the EtherType in network order. */
const IFLA_VLAN = { identifier: 1, type: 5 };
/** IFLA_XDP_…_PROG_ID (Linux 4.20) */
const IFLA_XDP = { nativeProgramId: 5, genericProgramId: 6, offloadProgramId: 7 };
const RTEXT_FILTER_SKIP_STATS = 1 << 3;

/** All interfaces of the network namespace. */
export function links(kernel: Kernel): readonly Link[] {
  const messages = dump(kernel, { name: 'RTM_GETLINK', type: RTM_GETLINK, body: linkRequest(0) });
  return messages.filter(({ type }) => type === RTM_NEWLINK).map(parseLink);
}

/** @returns undefined where there is none of that name (or alternative name) */
export function linkByName(kernel: Kernel, name: string): Link | undefined {
  // The kernel reads up to the first zero byte.
  if (name === '' || name.includes('\0')) return undefined;
  const length = new TextEncoder().encode(name).length;
  return getLink(kernel, 0, [textAttribute(length <= longestName ? IFLA.name : IFLA.alternativeName, name)]);
}

/** @returns undefined where there is none (any more) */
export function linkByIndex(kernel: Kernel, ifindex: number): Link | undefined {
  return ifindex > 0 ? getLink(kernel, ifindex, []) : undefined;
}

function getLink(kernel: Kernel, ifindex: number, attributes: readonly Attribute[]): Link | undefined {
  try {
    const body = linkRequest(ifindex, attributes);
    const [message] = request(kernel, { name: 'RTM_GETLINK', type: RTM_GETLINK, body });
    return message && parseLink(message);
  } catch (error) {
    // ERANGE and EINVAL: no interface can have that name.
    if (['ENODEV', 'ERANGE', 'EINVAL'].some((code) => isSystemError(error, code))) return undefined;
    throw error;
  }
}

/** `struct ifinfomsg` and attributes. */
export function linkMessage(ifindex: number, attributes: readonly Attribute[]): Uint8Array {
  const header = new Uint8Array(linkMessageSize);
  new DataView(header.buffer).setInt32(4, ifindex, true);
  return joinBytes([header, encodeAttributes(attributes)]);
}

function linkRequest(ifindex: number, attributes: readonly Attribute[] = []): Uint8Array {
  return linkMessage(ifindex, [...attributes, u32Attribute(IFLA.extensionMask, RTEXT_FILTER_SKIP_STATS)]);
}

function parseLink({ body }: Message): Link {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const attributes = parseAttributes(body.subarray(linkMessageSize));
  const linkInfo = nested(attributes, IFLA.linkInfo);
  const kind = textOf(linkInfo, IFLA_INFO.kind);
  return {
    ifindex: view.getInt32(4, true),
    name: textOf(attributes, IFLA.name) ?? '',
    hardwareType: view.getUint16(2, true),
    mtu: u32Of(attributes, IFLA.mtu) ?? 0,
    flags: view.getUint32(8, true),
    address: attributes.get(IFLA.address) ?? new Uint8Array(),
    kind,
    lowerIfindex: u32Of(attributes, IFLA.link),
    lowerElsewhere: attributes.has(IFLA.linkNetns),
    masterIfindex: u32Of(attributes, IFLA.master),
    vlan: kind === 'vlan' ? parseVlan(nested(linkInfo, IFLA_INFO.data)) : undefined,
    xdp: parseXdp(nested(attributes, IFLA.xdp)),
  };
}

function parseVlan(data: Attributes): VlanTag | undefined {
  const [identifier, type] = [data.get(IFLA_VLAN.identifier), data.get(IFLA_VLAN.type)];
  if (identifier === undefined || identifier.length < 2) return undefined;
  return {
    identifier: (identifier[0] as number) | ((identifier[1] as number) << 8),
    type: type === undefined || type.length < 2 ? 0x8100 : ((type[0] as number) << 8) | (type[1] as number),
  };
}

function parseXdp(xdp: Attributes): readonly LinkXdpProgram[] {
  const byMode: readonly (readonly [XdpMode, number | undefined])[] = [
    ['native', u32Of(xdp, IFLA_XDP.nativeProgramId)],
    ['generic', u32Of(xdp, IFLA_XDP.genericProgramId)],
    ['offload', u32Of(xdp, IFLA_XDP.offloadProgramId)],
  ];
  return byMode.flatMap(([mode, programId]) => (programId ? [{ mode, programId }] : []));
}

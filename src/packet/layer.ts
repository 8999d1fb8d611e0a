/** The headers of a packet, outermost first: what `parse.ts` finds and others print, explain and count. */
export type Layer =
  | EthernetLayer
  | CookedLayer
  | LoopbackLayer
  | PppLayer
  | LlcLayer
  | VlanLayer
  | ArpLayer
  | Ipv4Layer
  | Ipv6Layer
  | ExtensionLayer
  | TcpLayer
  | UdpLayer
  | SctpLayer
  | IcmpLayer
  | OtherLayer
  | TruncatedLayer;

interface Placed {
  /** Of the header, from the start of the packet. */
  readonly offset: number;
}

export interface EthernetLayer extends Placed {
  readonly kind: 'ethernet';
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  /** An EtherType, or up to 1500 the length of an 802.3 frame. */
  readonly etherType: number;
}

/** Linux cooked capture. */
export interface CookedLayer extends Placed {
  readonly kind: 'cooked';
  readonly version: 1 | 2;
  /** 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 from us. */
  readonly packetType: number;
  readonly etherType: number;
  /** Version 2 only. */
  readonly interfaceIndex?: number;
}

/** BSD loopback: an address family. */
export interface LoopbackLayer extends Placed {
  readonly kind: 'loopback';
  readonly family: number;
}

export interface PppLayer extends Placed {
  readonly kind: 'ppp';
  readonly protocol: number;
}

/** 802.2, with the EtherType of a SNAP header where there is one. */
export interface LlcLayer extends Placed {
  readonly kind: 'llc';
  readonly destinationService: number;
  readonly sourceService: number;
  readonly etherType?: number;
}

export interface VlanLayer extends Placed {
  readonly kind: 'vlan';
  readonly identifier: number;
  readonly priority: number;
  readonly dropEligible: boolean;
  readonly etherType: number;
}

export interface ArpLayer extends Placed {
  readonly kind: 'arp';
  readonly reverse: boolean;
  readonly operation: number;
  readonly senderHardware: Uint8Array;
  readonly senderAddress: Uint8Array;
  readonly targetHardware: Uint8Array;
  readonly targetAddress: Uint8Array;
}

export interface Ipv4Layer extends Placed {
  readonly kind: 'ipv4';
  readonly headerLength: number;
  readonly totalLength: number;
  readonly identification: number;
  readonly moreFragments: boolean;
  readonly dontFragment: boolean;
  /** In bytes. */
  readonly fragmentOffset: number;
  readonly timeToLive: number;
  readonly protocol: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

export interface Ipv6Layer extends Placed {
  readonly kind: 'ipv6';
  readonly payloadLength: number;
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** An IPv6 extension header. */
export interface ExtensionLayer extends Placed {
  readonly kind: 'extension';
  readonly header: number;
  readonly nextHeader: number;
  readonly length: number;
  /** Of a fragment header, in bytes. */
  readonly fragmentOffset?: number;
}

export interface TcpLayer extends Placed {
  readonly kind: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly headerLength: number;
  readonly flags: number;
  readonly window: number;
  /** Bytes of data, by the lengths in the headers. */
  readonly payloadLength: number;
}

export interface UdpLayer extends Placed {
  readonly kind: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly payloadLength: number;
}

export interface SctpLayer extends Placed {
  readonly kind: 'sctp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Of the first chunk, where it was captured. */
  readonly chunkType?: number;
}

export interface IcmpLayer extends Placed {
  readonly kind: 'icmp' | 'icmp6';
  readonly type: number;
  readonly code: number;
  /** The 32 bits behind the checksum; identifier and sequence number of an echo. */
  readonly rest: number;
  /** Bytes of the whole message, by the lengths in the headers. */
  readonly messageLength: number;
}

/** A protocol that is not looked into. */
export interface OtherLayer extends Placed {
  readonly kind: 'other';
  readonly protocol: { readonly space: 'ethernet' | 'ip'; readonly number: number };
  readonly length: number;
}

/** A header that was announced but is not wholly there, or contradicts itself. Always the last layer. */
export interface TruncatedLayer extends Placed {
  readonly kind: 'truncated';
  /** What was announced. */
  readonly header: string;
}

/**
 * The protocols that the language has a word for: what identifies each in the header below it. Numbers are those of
 * the IEEE registration authority (EtherTypes, LLC SAPs), of IANA (IP protocols) and of ISO/IEC TR 9577 (NLPIDs).
 */
export type Protocol =
  | 'link'
  | 'ip'
  | 'ip6'
  | 'arp'
  | 'rarp'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'icmp6'
  | 'igmp'
  | 'igrp'
  | 'pim'
  | 'vrrp'
  | 'carp'
  | 'ah'
  | 'esp'
  | 'atalk'
  | 'aarp'
  | 'decnet'
  | 'lat'
  | 'sca'
  | 'moprc'
  | 'mopdl'
  | 'iso'
  | 'stp'
  | 'ipx'
  | 'netbeui'
  | 'esis'
  | 'isis'
  | 'clnp'
  | 'l1'
  | 'l2'
  | 'iih'
  | 'lsp'
  | 'snp'
  | 'csnp'
  | 'psnp'
  | 'radio';

export type ProtocolFacts =
  /** Told by the link header. */
  | { readonly layer: 'network'; readonly etherType: number }
  /** Told by an 802.2 header. */
  | { readonly layer: 'llc'; readonly sap: number }
  /** Told by the IP header, of the versions in which the word looks for it. */
  | { readonly layer: 'transport'; readonly number: number; readonly over: 'ip' | 'ip6' | 'ip or ip6' }
  /** Told by the first byte behind an 802.2 header for ISO. */
  | { readonly layer: 'iso'; readonly nlpid: number }
  /** Kinds of IS-IS packets. */
  | { readonly layer: 'isis'; readonly packetTypes: readonly number[] }
  /** Only a qualifier. */
  | { readonly layer: 'none' };

/** https://www.iana.org/assignments/ieee-802-numbers */
export const etherTypes = {
  ip: 0x0800,
  arp: 0x0806,
  rarp: 0x8035,
  ip6: 0x86dd,
  atalk: 0x809b,
  aarp: 0x80f3,
  decnet: 0x6003,
  lat: 0x6004,
  sca: 0x6007,
  mopdl: 0x6001,
  moprc: 0x6002,
  loopback: 0x9000,
  lldp: 0x88cc,
  slow: 0x8809,
  ns: 0x0600,
  ipx: 0x8137,
  vlan: 0x8100,
  serviceVlan: 0x88a8,
  doubleVlan: 0x9100,
  mpls: 0x8847,
  pppoeDiscovery: 0x8863,
  pppoeSession: 0x8864,
  transparentEthernet: 0x6558,
} as const;

export const serviceAccessPoints = { ip: 0x06, stp: 0x42, snap: 0xaa, ipx: 0xe0, netbeui: 0xf0, iso: 0xfe } as const;

/** Bytes of the fixed IPv6 header. */
export const ipv6HeaderLength = 40;

/** The largest length of an 802.3 frame: a type/length field up to this is a length. */
export const largestFrameLength = 1500;

export const ipProtocols = { tcp: 6, udp: 17, ipv6Fragment: 44, icmp6: 58, sctp: 132 } as const;

const isis = {
  level1LanHello: 15,
  level2LanHello: 16,
  pointToPointHello: 17,
  level1LinkState: 18,
  level2LinkState: 20,
  level1CompleteSequence: 24,
  level2CompleteSequence: 25,
  level1PartialSequence: 26,
  level2PartialSequence: 27,
} as const;

export const isisNlpid = 0x83;

export const protocols: Readonly<Record<Protocol, ProtocolFacts>> = {
  link: { layer: 'none' },
  radio: { layer: 'none' },

  ip: { layer: 'network', etherType: etherTypes.ip },
  ip6: { layer: 'network', etherType: etherTypes.ip6 },
  arp: { layer: 'network', etherType: etherTypes.arp },
  rarp: { layer: 'network', etherType: etherTypes.rarp },
  atalk: { layer: 'network', etherType: etherTypes.atalk },
  aarp: { layer: 'network', etherType: etherTypes.aarp },
  decnet: { layer: 'network', etherType: etherTypes.decnet },
  lat: { layer: 'network', etherType: etherTypes.lat },
  sca: { layer: 'network', etherType: etherTypes.sca },
  moprc: { layer: 'network', etherType: etherTypes.moprc },
  mopdl: { layer: 'network', etherType: etherTypes.mopdl },

  tcp: { layer: 'transport', number: ipProtocols.tcp, over: 'ip or ip6' },
  udp: { layer: 'transport', number: ipProtocols.udp, over: 'ip or ip6' },
  sctp: { layer: 'transport', number: ipProtocols.sctp, over: 'ip or ip6' },
  ah: { layer: 'transport', number: 51, over: 'ip or ip6' },
  esp: { layer: 'transport', number: 50, over: 'ip or ip6' },
  pim: { layer: 'transport', number: 103, over: 'ip or ip6' },
  icmp: { layer: 'transport', number: 1, over: 'ip' },
  igmp: { layer: 'transport', number: 2, over: 'ip' },
  igrp: { layer: 'transport', number: 9, over: 'ip' },
  vrrp: { layer: 'transport', number: 112, over: 'ip' },
  carp: { layer: 'transport', number: 112, over: 'ip' },
  icmp6: { layer: 'transport', number: ipProtocols.icmp6, over: 'ip6' },

  iso: { layer: 'llc', sap: serviceAccessPoints.iso },
  stp: { layer: 'llc', sap: serviceAccessPoints.stp },
  ipx: { layer: 'llc', sap: serviceAccessPoints.ipx },
  netbeui: { layer: 'llc', sap: serviceAccessPoints.netbeui },

  clnp: { layer: 'iso', nlpid: 0x81 },
  esis: { layer: 'iso', nlpid: 0x82 },
  isis: { layer: 'iso', nlpid: isisNlpid },

  l1: {
    layer: 'isis',
    packetTypes: [
      isis.level1LanHello,
      isis.pointToPointHello,
      isis.level1LinkState,
      isis.level1CompleteSequence,
      isis.level1PartialSequence,
    ],
  },
  l2: {
    layer: 'isis',
    packetTypes: [
      isis.level2LanHello,
      isis.pointToPointHello,
      isis.level2LinkState,
      isis.level2CompleteSequence,
      isis.level2PartialSequence,
    ],
  },
  iih: { layer: 'isis', packetTypes: [isis.level1LanHello, isis.level2LanHello, isis.pointToPointHello] },
  lsp: { layer: 'isis', packetTypes: [isis.level1LinkState, isis.level2LinkState] },
  snp: {
    layer: 'isis',
    packetTypes: [
      isis.level1CompleteSequence,
      isis.level2CompleteSequence,
      isis.level1PartialSequence,
      isis.level2PartialSequence,
    ],
  },
  csnp: { layer: 'isis', packetTypes: [isis.level1CompleteSequence, isis.level2CompleteSequence] },
  psnp: { layer: 'isis', packetTypes: [isis.level1PartialSequence, isis.level2PartialSequence] },
};

/** Names behind `ether proto`. */
export const linkProtocolNames: ReadonlyMap<string, number> = new Map([
  ['aarp', etherTypes.aarp],
  ['arp', etherTypes.arp],
  ['atalk', etherTypes.atalk],
  ['decnet', etherTypes.decnet],
  ['ip', etherTypes.ip],
  ['ip6', etherTypes.ip6],
  ['lat', etherTypes.lat],
  ['lldp', etherTypes.lldp],
  ['loopback', etherTypes.loopback],
  ['mopdl', etherTypes.mopdl],
  ['moprc', etherTypes.moprc],
  ['rarp', etherTypes.rarp],
  ['sca', etherTypes.sca],
  ['slow', etherTypes.slow],
  ['iso', serviceAccessPoints.iso],
  ['stp', serviceAccessPoints.stp],
  ['ipx', serviceAccessPoints.ipx],
  ['netbeui', serviceAccessPoints.netbeui],
]);

/** Names behind `iso proto`. */
export const isoProtocolNames: ReadonlyMap<string, number> = new Map([
  ['clnp', 0x81],
  ['esis', 0x82],
  ['isis', isisNlpid],
]);

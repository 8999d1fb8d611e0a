import type { Protocol } from './protocols.ts';

/**
 * Every word that the language reserves. Words are lower case only, and stand before names: a host called `tcp` is
 * written `\tcp`.
 */
export type Word =
  | { readonly kind: 'protocol'; readonly protocol: Protocol }
  | { readonly kind: 'direction'; readonly direction: 'src' | 'dst' }
  /** Directions that only 802.11 headers have. */
  | { readonly kind: 'wireless-direction' }
  | { readonly kind: 'type'; readonly type: 'host' | 'net' | 'port' | 'portrange' | 'gateway' | 'proto' | 'protochain' }
  | { readonly kind: 'and' | 'or' | 'not' | 'mask' | 'length' | 'byte' | 'llc' | 'ifindex' }
  | { readonly kind: 'less' | 'greater' | 'broadcast' | 'multicast' | 'inbound' | 'outbound' }
  | { readonly kind: 'encapsulation'; readonly header: Encapsulation }
  /** A primitive of libpcap's for other link types; `of` says which. */
  | { readonly kind: 'foreign'; readonly of: ForeignFamily };

export type Encapsulation = 'vlan' | 'mpls' | 'pppoed' | 'pppoes' | 'geneve' | 'vxlan';

export type ForeignFamily = '802.11' | 'pflog' | 'atm' | 'ss7';

const foreignDescriptions: Readonly<Record<ForeignFamily, string>> = {
  '802.11': '802.11 wireless headers',
  pflog: 'the log of the OpenBSD packet filter',
  atm: 'ATM (SunATM) captures',
  ss7: 'SS7 (MTP2, MTP3) captures',
};

export function foreignDescription(family: ForeignFamily): string {
  return foreignDescriptions[family];
}

function foreign(family: ForeignFamily, names: string): [string, Word][] {
  return names.split(' ').map((name) => [name, { kind: 'foreign', of: family }]);
}

function protocolWords(names: string): [string, Word][] {
  return names.split(' ').map((name) => [name, { kind: 'protocol', protocol: name as Protocol }]);
}

export const words: ReadonlyMap<string, Word> = new Map<string, Word>([
  ...protocolWords('ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp radio'),
  ...protocolWords('atalk aarp decnet lat sca moprc mopdl iso stp ipx netbeui'),
  ...protocolWords('esis isis clnp l1 l2 iih lsp snp csnp psnp'),
  ['es-is', { kind: 'protocol', protocol: 'esis' }],
  ['is-is', { kind: 'protocol', protocol: 'isis' }],
  ...['link', 'ether', 'ppp', 'slip', 'fddi', 'tr', 'wlan'].map((name): [string, Word] => [
    name,
    { kind: 'protocol', protocol: 'link' },
  ]),

  ['src', { kind: 'direction', direction: 'src' }],
  ['dst', { kind: 'direction', direction: 'dst' }],
  ...'addr1 addr2 addr3 addr4 address1 address2 address3 address4 ra ta'
    .split(' ')
    .map((name): [string, Word] => [name, { kind: 'wireless-direction' }]),

  ['host', { kind: 'type', type: 'host' }],
  ['net', { kind: 'type', type: 'net' }],
  ['port', { kind: 'type', type: 'port' }],
  ['portrange', { kind: 'type', type: 'portrange' }],
  ['gateway', { kind: 'type', type: 'gateway' }],
  ['proto', { kind: 'type', type: 'proto' }],
  ['protochain', { kind: 'type', type: 'protochain' }],

  ['and', { kind: 'and' }],
  ['or', { kind: 'or' }],
  ['not', { kind: 'not' }],
  ['mask', { kind: 'mask' }],
  ['len', { kind: 'length' }],
  ['length', { kind: 'length' }],
  ['less', { kind: 'less' }],
  ['greater', { kind: 'greater' }],
  ['byte', { kind: 'byte' }],
  ['broadcast', { kind: 'broadcast' }],
  ['multicast', { kind: 'multicast' }],
  ['inbound', { kind: 'inbound' }],
  ['outbound', { kind: 'outbound' }],
  ['ifindex', { kind: 'ifindex' }],
  ['llc', { kind: 'llc' }],

  ['vlan', { kind: 'encapsulation', header: 'vlan' }],
  ['mpls', { kind: 'encapsulation', header: 'mpls' }],
  ['pppoed', { kind: 'encapsulation', header: 'pppoed' }],
  ['pppoes', { kind: 'encapsulation', header: 'pppoes' }],
  ['geneve', { kind: 'encapsulation', header: 'geneve' }],
  ['vxlan', { kind: 'encapsulation', header: 'vxlan' }],

  ...foreign('802.11', 'type subtype dir direction'),
  ...foreign('pflog', 'on ifname rset ruleset rnr rulenum srnr subrulenum reason action'),
  ...foreign('atm', 'lane metac bcc oam oamf4 oamf4ec oamf4sc sc ilmic vpi vci connectmsg metaconnect'),
  ...foreign('ss7', 'fisu lssu lsu msu hfisu hlssu hmsu sio opc dpc sls hsio hopc hdpc hsls'),
]);

/** Names for numbers: offsets and values of TCP flags, ICMP and ICMPv6 types. They may stand wherever a number may. */
export const namedNumbers: ReadonlyMap<string, number> = new Map([
  ['icmptype', 0],
  ['icmpcode', 1],
  ['icmp-echoreply', 0],
  ['icmp-unreach', 3],
  ['icmp-sourcequench', 4],
  ['icmp-redirect', 5],
  ['icmp-echo', 8],
  ['icmp-routeradvert', 9],
  ['icmp-routersolicit', 10],
  ['icmp-timxceed', 11],
  ['icmp-paramprob', 12],
  ['icmp-tstamp', 13],
  ['icmp-tstampreply', 14],
  ['icmp-ireq', 15],
  ['icmp-ireqreply', 16],
  ['icmp-maskreq', 17],
  ['icmp-maskreply', 18],
  ['icmp6type', 0],
  ['icmp6code', 1],
  ['icmp6-destinationunreach', 1],
  ['icmp6-packettoobig', 2],
  ['icmp6-timeexceeded', 3],
  ['icmp6-parameterproblem', 4],
  ['icmp6-echo', 128],
  ['icmp6-echoreply', 129],
  ['icmp6-multicastlistenerquery', 130],
  ['icmp6-multicastlistenerreportv1', 131],
  ['icmp6-multicastlistenerdone', 132],
  ['icmp6-routersolicit', 133],
  ['icmp6-routeradvert', 134],
  ['icmp6-neighborsolicit', 135],
  ['icmp6-neighboradvert', 136],
  ['icmp6-redirect', 137],
  ['icmp6-routerrenum', 138],
  ['icmp6-nodeinformationquery', 139],
  ['icmp6-nodeinformationresponse', 140],
  ['icmp6-ineighbordiscoverysolicit', 141],
  ['icmp6-ineighbordiscoveryadvert', 142],
  ['icmp6-multicastlistenerreportv2', 143],
  ['icmp6-homeagentdiscoveryrequest', 144],
  ['icmp6-homeagentdiscoveryreply', 145],
  ['icmp6-mobileprefixsolicit', 146],
  ['icmp6-mobileprefixadvert', 147],
  ['icmp6-certpathsolicit', 148],
  ['icmp6-certpathadvert', 149],
  ['icmp6-multicastrouteradvert', 151],
  ['icmp6-multicastroutersolicit', 152],
  ['icmp6-multicastrouterterm', 153],
  ['tcpflags', 13],
  ['tcp-fin', 0x01],
  ['tcp-syn', 0x02],
  ['tcp-rst', 0x04],
  ['tcp-push', 0x08],
  ['tcp-ack', 0x10],
  ['tcp-urg', 0x20],
  ['tcp-ece', 0x40],
  ['tcp-cwr', 0x80],
]);

/** Numbers that packets carry, and their names in messages. EtherTypes and IP protocol numbers: IANA's registries. */

export const etherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  reverseArp: 0x8035,
  vlan: 0x8100,
  ipv6: 0x86dd,
  pppoeSession: 0x8864,
  mpls: 0x8847,
  serviceVlan: 0x88a8,
  oldServiceVlan: 0x9100,
} as const;

export const vlanEtherTypes: readonly number[] = [etherType.vlan, etherType.serviceVlan, etherType.oldServiceVlan];

export const ipProtocol = {
  hopByHop: 0,
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  esp: 50,
  authentication: 51,
  icmp6: 58,
  noNext: 59,
  destinationOptions: 60,
  sctp: 132,
  mobility: 135,
} as const;

const etherTypeNames: ReadonlyMap<number, string> = new Map([
  [etherType.ipv4, 'IPv4'],
  [etherType.arp, 'ARP'],
  [etherType.reverseArp, 'Reverse ARP'],
  [etherType.vlan, '802.1Q'],
  [etherType.ipv6, 'IPv6'],
  [etherType.pppoeSession, 'PPPoE S'],
  [etherType.mpls, 'MPLS unicast'],
  [etherType.serviceVlan, '802.1Q-QinQ'],
  [etherType.oldServiceVlan, '802.1Q-9100'],
  [0x88cc, 'LLDP'],
  [0x88e5, 'MACsec'],
]);

const ipProtocolNames: ReadonlyMap<number, string> = new Map([
  [ipProtocol.hopByHop, 'HOPOPT'],
  [ipProtocol.icmp, 'ICMP'],
  [ipProtocol.igmp, 'igmp'],
  [4, 'ipip'],
  [ipProtocol.tcp, 'tcp'],
  [ipProtocol.udp, 'udp'],
  [ipProtocol.ipv6, 'ip6'],
  [ipProtocol.routing, 'rt'],
  [ipProtocol.fragment, 'frag'],
  [ipProtocol.gre, 'GRE'],
  [ipProtocol.esp, 'ESP'],
  [ipProtocol.authentication, 'AH'],
  [ipProtocol.icmp6, 'ICMP6'],
  [ipProtocol.noNext, 'no next header'],
  [ipProtocol.destinationOptions, 'DSTOPT'],
  [89, 'OSPF'],
  [103, 'PIM'],
  [112, 'VRRP'],
  [ipProtocol.sctp, 'sctp'],
  [ipProtocol.mobility, 'mobility'],
]);

/** `IPv4 (0x0800)`, or the bare number in hexadecimal. */
export function describeEtherType(value: number): string {
  const number = `0x${value.toString(16).padStart(4, '0')}`;
  const name = etherTypeNames.get(value);
  return name === undefined ? `Unknown (${number})` : `${name} (${number})`;
}

export function ipProtocolName(value: number): string {
  return ipProtocolNames.get(value) ?? `ip-proto-${value}`;
}

/** Flags of TCP's byte 13, with their words and tcpdump's letters. */
export const tcpFlags = [
  { bit: 0x01, word: 'fin', letter: 'F' },
  { bit: 0x02, word: 'syn', letter: 'S' },
  { bit: 0x04, word: 'rst', letter: 'R' },
  { bit: 0x08, word: 'psh', letter: 'P' },
  { bit: 0x10, word: 'ack', letter: '.' },
  { bit: 0x20, word: 'urg', letter: 'U' },
  { bit: 0x40, word: 'ece', letter: 'E' },
  { bit: 0x80, word: 'cwr', letter: 'W' },
] as const;

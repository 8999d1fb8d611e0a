/** A filter, the C function in `filters.c` that means the same, and the packets that both are timed on. */
export interface BenchFilter {
  readonly text: string;
  readonly function: string;
  /** Names of `packets.ts`. */
  readonly packets: readonly string[];
  /** Whether packets and bytes are counted. */
  readonly counters?: true;
}

const tcpPort22 = ['ssh', 'web', 'ssh over IPv6', 'dns'] as const;

export const benchFilters: readonly BenchFilter[] = [
  { text: 'tcp port 22', function: 'f_tcp_port_22_counted', packets: tcpPort22, counters: true },
  { text: 'tcp port 22', function: 'f_tcp_port_22', packets: tcpPort22 },
  { text: 'udp port 53', function: 'f_udp_port_53', packets: ['dns', 'web', 'ssh over IPv6'] },
  { text: 'icmp or icmp6', function: 'f_icmp_or_icmp6', packets: ['ping', 'web', 'ssh over IPv6'] },
  { text: 'src net 10.0.0.0/8', function: 'f_src_net', packets: ['web', 'arp', 'ssh over IPv6'] },
  { text: 'host 10.0.0.2', function: 'f_host', packets: ['web', 'dns', 'arp'] },
  { text: 'ip6 dst host 2001:db8::2', function: 'f_dst_host_ipv6', packets: ['ssh over IPv6', 'web'] },
  { text: 'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0', function: 'f_tcp_syn', packets: ['ssh', 'web', 'dns'] },
  { text: 'tcp portrange 8000-8080', function: 'f_portrange', packets: ['web', 'ssh over IPv6', 'dns'] },
  { text: 'vlan 7', function: 'f_vlan_7', packets: ['tagged', 'web'] },
  { text: 'ether broadcast and arp', function: 'f_broadcast_arp', packets: ['arp', 'web'] },
  {
    text: 'tcp dst port 80 or tcp dst port 443 or tcp dst port 8080',
    function: 'f_dst_web',
    packets: ['web', 'ssh', 'dns'],
  },
];

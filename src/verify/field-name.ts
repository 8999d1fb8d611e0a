import type { Layer } from '../packet/layer.ts';

/** A stretch of a header with its name: offset and length in bytes. */
type Field = readonly [offset: number, length: number, name: string];

const ports: readonly Field[] = [
  [0, 2, 'source port'],
  [2, 2, 'destination port'],
];

/** Fields by the kind of header. Bits that share a byte share a name. */
const fields: Readonly<Partial<Record<Layer['kind'], readonly Field[]>>> = {
  ethernet: [
    [0, 6, 'destination'],
    [6, 6, 'source'],
    [12, 2, 'EtherType'],
  ],
  vlan: [
    [0, 2, 'tag'],
    [2, 2, 'EtherType'],
  ],
  cooked: [
    [0, 2, 'packet type'],
    [14, 2, 'protocol'],
  ],
  ppp: [[2, 2, 'protocol']],
  llc: [
    [0, 1, 'destination service'],
    [1, 1, 'source service'],
    [2, 1, 'control'],
  ],
  arp: [
    [0, 2, 'hardware type'],
    [2, 2, 'protocol type'],
    [4, 1, 'hardware length'],
    [5, 1, 'protocol length'],
    [6, 2, 'operation'],
    [8, 6, 'sender hardware address'],
    [14, 4, 'sender address'],
    [18, 6, 'target hardware address'],
    [24, 4, 'target address'],
  ],
  ipv4: [
    [0, 1, 'version and header length'],
    [1, 1, 'type of service'],
    [2, 2, 'total length'],
    [4, 2, 'identification'],
    [6, 2, 'fragment'],
    [8, 1, 'time to live'],
    [9, 1, 'protocol'],
    [10, 2, 'checksum'],
    [12, 4, 'source address'],
    [16, 4, 'destination address'],
    [20, 40, 'options'],
  ],
  ipv6: [
    [0, 4, 'version, class and flow label'],
    [4, 2, 'payload length'],
    [6, 1, 'next header'],
    [7, 1, 'hop limit'],
    [8, 16, 'source address'],
    [24, 16, 'destination address'],
  ],
  extension: [
    [0, 1, 'next header'],
    [1, 1, 'length'],
    [2, 2, 'fragment'],
  ],
  tcp: [
    ...ports,
    [4, 4, 'sequence number'],
    [8, 4, 'acknowledgement number'],
    [12, 1, 'header length'],
    [13, 1, 'flags'],
    [14, 2, 'window'],
    [16, 2, 'checksum'],
    [18, 2, 'urgent pointer'],
    [20, 40, 'options'],
  ],
  udp: [...ports, [4, 2, 'length'], [6, 2, 'checksum']],
  sctp: [...ports, [4, 4, 'verification tag'], [8, 4, 'checksum']],
  icmp: [
    [0, 1, 'type'],
    [1, 1, 'code'],
    [2, 2, 'checksum'],
  ],
  icmp6: [
    [0, 1, 'type'],
    [1, 1, 'code'],
    [2, 2, 'checksum'],
  ],
};

const layerNames: Readonly<Record<Layer['kind'], string>> = {
  ethernet: 'Ethernet',
  cooked: 'cooked',
  loopback: 'loopback',
  ppp: 'PPP',
  llc: '802.2',
  vlan: 'VLAN',
  arp: 'ARP',
  ipv4: 'IPv4',
  ipv6: 'IPv6',
  extension: 'IPv6 extension header',
  tcp: 'TCP',
  udp: 'UDP',
  sctp: 'SCTP',
  icmp: 'ICMP',
  icmp6: 'ICMPv6',
  other: 'payload',
  truncated: 'cut-off header',
};

/**
 * What bytes of a packet are called: `TCP destination port`. Bytes of no field we know are named by their header and
 * their place in it.
 * @param layers of the packet, outermost first
 */
export function fieldName(layers: readonly Layer[], offset: number, length: number): string {
  const layer = layers.findLast((candidate) => candidate.offset <= offset);
  if (layer === undefined) return `bytes ${offset} to ${offset + length - 1}`;
  const within = offset - layer.offset;
  const name = layerNames[layer.kind];
  const field = fields[layer.kind]?.find(([start, size]) => within >= start && within < start + size);
  if (field === undefined) return `${name} byte ${within}`;
  const [start, size, word] = field;
  const isWhole = start === within && size === length;
  // A 32-bit quarter of an address, say.
  return isWhole || within + length > start + size ? `${name} ${word}` : `part of ${name} ${word}`;
}

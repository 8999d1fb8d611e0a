import type { LinkType } from '../../src/ir/link-type.ts';

/** Small packets for filters to be tried on: one or more of every shape that a primitive looks at. */

export interface SamplePacket {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function bytes(...parts: readonly (number | string | Uint8Array)[]): Uint8Array {
  const flat: number[] = [];
  for (const part of parts) {
    if (typeof part === 'number') flat.push(part);
    else if (typeof part === 'string')
      flat.push(...(part.replaceAll(/[\s:]/g, '').match(/../g) ?? []).map((hex) => Number.parseInt(hex, 16)));
    else flat.push(...part);
  }
  return Uint8Array.from(flat);
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

interface Ipv4Options {
  readonly source?: string;
  readonly destination?: string;
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** A multiple of four bytes. */
  readonly options?: Uint8Array;
}

function dotted(address: string): Uint8Array {
  return Uint8Array.from(address.split('.'), Number);
}

/** An IPv4 packet; checksums are zero, nothing here looks at them. */
export function ipv4(protocol: number, payload: Uint8Array, options: Ipv4Options = {}): Uint8Array {
  const { source = '10.0.0.1', destination = '10.0.0.2', fragmentOffset = 0, moreFragments = false } = options;
  const extra = options.options ?? new Uint8Array();
  const length = 20 + extra.length + payload.length;
  const flags = (moreFragments ? 0x2000 : 0) | fragmentOffset;
  return bytes(
    0x45 + extra.length / 4,
    0,
    word(length),
    '1234',
    word(flags),
    64,
    protocol,
    '0000',
    dotted(source),
    dotted(destination),
    extra,
    payload,
  );
}

/** An IPv6 packet. @param nextHeader of the payload, which may begin with extension headers */
export function ipv6(
  nextHeader: number,
  payload: Uint8Array,
  source = '20010db8000000000000000000000001',
  destination = '20010db8000000000000000000000002',
): Uint8Array {
  return bytes('60000000', word(payload.length), nextHeader, 64, source, destination, payload);
}

export function tcp(
  source: number,
  destination: number,
  flags = 0x02,
  data: Uint8Array = new Uint8Array(),
): Uint8Array {
  return bytes(word(source), word(destination), '0000000100000000', 0x50, flags, '200000000000', data);
}

export function udp(source: number, destination: number, data: Uint8Array = Uint8Array.of(1, 2, 3, 4)): Uint8Array {
  return bytes(word(source), word(destination), word(8 + data.length), '0000', data);
}

function arp(operation: number, sender: string, target: string): Uint8Array {
  return bytes('0001 0800 06 04', word(operation), '001122334455', dotted(sender), '000000000000', dotted(target));
}

const icmpEcho = bytes('0800 0000 0001 0001', 'abcdef');
const hopByHop = (next: number): Uint8Array => bytes(next, 0, '050200000000');
const fragment = (next: number, offset: number): Uint8Array => bytes(next, 0, word(offset << 3), '00000001');

/** Network packets by EtherType, as they are carried over any link type. */
const networkPackets: readonly { readonly name: string; readonly etherType: number; readonly packet: Uint8Array }[] = [
  { name: 'tcp to 80', etherType: 0x0800, packet: ipv4(6, tcp(40000, 80)) },
  {
    name: 'tcp from 80',
    etherType: 0x0800,
    packet: ipv4(6, tcp(80, 40000, 0x12), { source: '10.0.0.2', destination: '10.0.0.1' }),
  },
  {
    name: 'tcp to 443 with IP options',
    etherType: 0x0800,
    packet: ipv4(6, tcp(40000, 443, 0x18, bytes('474554')), { options: bytes('01010101 94040000') }),
  },
  { name: 'tcp, later fragment', etherType: 0x0800, packet: ipv4(6, tcp(80, 80), { fragmentOffset: 185 }) },
  { name: 'tcp, first fragment', etherType: 0x0800, packet: ipv4(6, tcp(40000, 80), { moreFragments: true }) },
  {
    name: 'udp to 53',
    etherType: 0x0800,
    packet: ipv4(17, udp(1234, 53), { source: '192.168.1.5', destination: '10.0.0.9' }),
  },
  {
    name: 'udp 123 both ways',
    etherType: 0x0800,
    packet: ipv4(17, udp(123, 123), { source: '172.16.3.4', destination: '192.168.1.1' }),
  },
  { name: 'sctp to 5000', etherType: 0x0800, packet: ipv4(132, bytes(word(5000), word(5000), '0000000000000000')) },
  { name: 'icmp echo', etherType: 0x0800, packet: ipv4(1, icmpEcho) },
  {
    name: 'igmp to a group',
    etherType: 0x0800,
    packet: ipv4(2, bytes('16000000e0000016'), { destination: '224.0.0.22' }),
  },
  { name: 'gre', etherType: 0x0800, packet: ipv4(47, bytes('00000800', ipv4(1, icmpEcho))) },
  {
    name: 'broadcast udp',
    etherType: 0x0800,
    packet: ipv4(17, udp(68, 67), { source: '0.0.0.0', destination: '255.255.255.255' }),
  },
  {
    name: 'authentication header',
    etherType: 0x0800,
    packet: ipv4(51, bytes('06040000 00000001 00000001 000000000000000000000000', tcp(1, 80))),
  },
  { name: 'header length 0', etherType: 0x0800, packet: bytes(0x40, ipv4(6, tcp(40000, 80)).slice(1)) },
  {
    name: 'header length 60 in a short packet',
    etherType: 0x0800,
    packet: bytes(0x4f, ipv4(6, tcp(40000, 80)).slice(1)),
  },
  { name: 'tcp6 to 80', etherType: 0x86dd, packet: ipv6(6, tcp(40000, 80)) },
  {
    name: 'udp6 from 53',
    etherType: 0x86dd,
    packet: ipv6(17, udp(53, 5353), 'fe800000000000000000000000000001', 'ff0200000000000000000000000000fb'),
  },
  { name: 'icmp6', etherType: 0x86dd, packet: ipv6(58, bytes('80000000 00010001')) },
  {
    name: 'icmp6 behind hop-by-hop options',
    etherType: 0x86dd,
    packet: ipv6(0, bytes(hopByHop(58), '8f00000000000000')),
  },
  {
    name: 'tcp6 behind a first fragment header',
    etherType: 0x86dd,
    packet: ipv6(44, bytes(fragment(6, 0), tcp(40000, 80))),
  },
  { name: 'tcp6, later fragment', etherType: 0x86dd, packet: ipv6(44, bytes(fragment(6, 100), tcp(40000, 80))) },
  {
    name: 'udp6 behind three extension headers',
    etherType: 0x86dd,
    packet: ipv6(0, bytes(hopByHop(43), hopByHop(60), hopByHop(17), udp(53, 53))),
  },
  { name: 'arp request', etherType: 0x0806, packet: arp(1, '10.0.0.1', '10.0.0.7') },
  { name: 'rarp', etherType: 0x8035, packet: arp(3, '10.0.0.9', '0.0.0.0') },
  { name: 'lldp', etherType: 0x88cc, packet: bytes('0207040011223344550403') },
  { name: 'mpls', etherType: 0x8847, packet: bytes('00064140', ipv4(6, tcp(40000, 80))) },
  { name: 'mpls, two labels', etherType: 0x8847, packet: bytes('00064040 00400140', ipv6(17, udp(53, 53))) },
  { name: 'pppoe discovery', etherType: 0x8863, packet: bytes('1109000000040103000101') },
  { name: 'pppoe session', etherType: 0x8864, packet: bytes('11000027001a0021', ipv4(17, udp(1, 2))) },
  { name: 'vlan', etherType: 0x8100, packet: bytes('00640800', ipv4(6, tcp(40000, 80))) },
  { name: 'vlan arp', etherType: 0x8100, packet: bytes('e0c80806', arp(2, '10.0.0.1', '10.0.0.7')) },
  { name: 'QinQ', etherType: 0x88a8, packet: bytes('000a8100 00140800', ipv4(17, udp(53, 53))) },
  { name: 'old QinQ', etherType: 0x9100, packet: bytes('006486dd', ipv6(6, tcp(40000, 80))) },
  { name: 'empty', etherType: 0x0800, packet: new Uint8Array() },
];

const mac = { destination: '66778899aabb', source: '001122334455' } as const;

/** Frames that only Ethernet has: 802.3 with an 802.2 header, addresses of groups, packets inside packets. */
function ethernetOnly(): readonly SamplePacket[] {
  const inner = bytes(mac.source, mac.destination, '0800', ipv4(6, tcp(40000, 80)));
  const frame = (name: string, ...parts: readonly (number | string | Uint8Array)[]): SamplePacket => ({
    name,
    bytes: bytes(...parts),
  });
  const ethernet = (etherType: number, packet: Uint8Array): Uint8Array =>
    bytes(mac.destination, mac.source, word(etherType), packet);
  const tunnel = (name: string, port: number, payload: Uint8Array): readonly SamplePacket[] => [
    frame(`${name} over IPv4`, ethernet(0x0800, ipv4(17, udp(40000, port, payload)))),
    frame(`${name} over IPv6`, ethernet(0x86dd, ipv6(17, udp(40000, port, payload)))),
  ];
  return [
    frame('spanning tree', '0180c2000000', mac.source, '0026', '424203', '00000000008000001122334455'),
    frame('netbeui', mac.destination, mac.source, '0020', 'f0f003', '2c00ffef0e'),
    frame('raw ipx', mac.destination, mac.source, '0022', 'ffff0022000400000000'),
    frame('802.2 ipx', mac.destination, mac.source, '0025', 'e0e003', 'ffff00220004'),
    frame('snap ipx', mac.destination, mac.source, '0030', 'aaaa03 000000 8137', 'ffff0022'),
    frame('ethernet ipx', ethernet(0x8137, bytes('ffff00220004'))),
    frame('snap appletalk', mac.destination, mac.source, '0030', 'aaaa03 080007 809b', '0000'),
    frame('snap appletalk arp', mac.destination, mac.source, '0030', 'aaaa03 000000 80f3', '0000'),
    frame('is-is level 1 hello', '0180c2000014', mac.source, '0040', 'fefe03', '831b01000f010000'),
    frame('es-is', '09002b000004', mac.source, '0040', 'fefe03', '82150100020000'),
    frame('llc information', mac.destination, mac.source, '0010', '0404 00 02'),
    frame('llc receive ready', mac.destination, mac.source, '0010', '0404 01 03'),
    frame('llc test', mac.destination, mac.source, '0010', '0404 f3'),
    frame('decnet, long', ethernet(0x6003, bytes('0022 06 0000 aa0004007b28 0000 aa000400010c 00000000'))),
    frame('decnet, short', ethernet(0x6003, bytes('0010 02 7b28 010c 00'))),
    frame('decnet, short and padded', ethernet(0x6003, bytes('0010 81 02 7b28 010c 00'))),
    frame('broadcast arp', 'ffffffffffff', mac.source, '0806', arp(1, '10.0.0.1', '10.0.0.2')),
    frame('multicast', '01005e000016', mac.source, '0800', ipv4(17, udp(5353, 5353), { destination: '224.0.0.251' })),
    ...tunnel('geneve with a frame', 6081, bytes('0000 6558 00000b00', inner)),
    ...tunnel('geneve with options', 6081, bytes('0200 6558 00000700', '0102030405060708', inner)),
    ...tunnel('geneve with a packet', 6081, bytes('0000 0800 00000b00', ipv4(6, tcp(40000, 80)))),
    ...tunnel('geneve of another version', 6081, bytes('4000 6558 00000b00', inner)),
    ...tunnel('vxlan', 4789, bytes('08000000 00000700', inner)),
    frame(
      'tunnel in vlan',
      ethernet(0x8100, bytes('0064 0800', ipv4(17, udp(40000, 6081, bytes('0000 6558 00000b00', inner))))),
    ),
    frame(
      'vlan in tunnel',
      ethernet(
        0x0800,
        ipv4(
          17,
          udp(
            40000,
            6081,
            bytes('0000 6558 00000b00', mac.source, mac.destination, '8100 0064 0800', ipv4(6, tcp(40000, 80))),
          ),
        ),
      ),
    ),
  ];
}

/** The sample packets with the headers of a link type. */
export function samplePackets(linkType: LinkType): readonly SamplePacket[] {
  const framed = networkPackets.flatMap(({ name, etherType, packet }) =>
    linkHeaders(linkType, etherType).map((header) => ({ name, bytes: bytes(header, packet) })),
  );
  return linkType === 'EN10MB' ? [...framed, ...ethernetOnly()] : framed;
}

/** The link headers that may stand before a network packet. */
export function linkHeaders(linkType: LinkType, etherType: number): readonly Uint8Array[] {
  switch (linkType) {
    case 'EN10MB':
      return [bytes(mac.destination, mac.source, word(etherType))];
    case 'RAW':
    case 'IPV4':
    case 'IPV6':
      return [new Uint8Array()];
    case 'LINUX_SLL':
      return [
        bytes('0000 0001 0006 0011223344550000', word(etherType)),
        bytes('0004 0001 0006 0011223344550000', word(etherType)),
      ];
    case 'LINUX_SLL2':
      return [
        bytes(word(etherType), '0000 00000003 0001 00 06 0011223344550000'),
        bytes(word(etherType), '0000 00000002 0001 04 06 0011223344550000'),
      ];
    case 'NULL':
      return addressFamilies(etherType).map((family) => bytes(family, 0, 0, 0));
    case 'LOOP':
      return addressFamilies(etherType).map((family) => bytes(0, 0, 0, family));
    case 'PPP':
      return [bytes('ff03', word(pppProtocols.get(etherType) ?? etherType))];
  }
}

const pppProtocols: ReadonlyMap<number, number> = new Map([
  [0x0800, 0x0021],
  [0x86dd, 0x0057],
  [0x8847, 0x0281],
]);

function addressFamilies(etherType: number): readonly number[] {
  if (etherType === 0x0800) return [2];
  return etherType === 0x86dd ? [24, 28, 30, 10] : [7];
}

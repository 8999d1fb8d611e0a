// The packets that the captures of test/pcaps are made of (see make-pcaps.ts).
import { parseAddress } from '../src/packet/address.ts';
import {
  buildArp,
  buildIp,
  buildLink,
  buildTcp,
  buildUdp,
  buildVlan,
  concat,
  defaultDestinationMac,
  defaultSourceMac,
} from '../src/packet/build.ts';
import { frameOf } from '../src/packet/flow-frame.ts';
import { parseFlow } from '../src/packet/flow.ts';
import { etherType, ipProtocol } from '../src/packet/protocol.ts';

const flows = [
  'tcp 192.0.2.1:40000 > 192.0.2.2:22',
  'tcp[syn,ack] 192.0.2.2:22 > 192.0.2.1:40000',
  'tcp[ack,psh] 192.0.2.1:40000 > 192.0.2.2:22 len 120',
  'tcp 192.0.2.1:40001 > 192.0.2.2:80',
  'tcp[rst,ack] 192.0.2.2:80 > 192.0.2.1:40001',
  'tcp [2001:db8::1]:40002 > [2001:db8::2]:22',
  'tcp[fin,ack] [2001:db8::2]:80 > [2001:db8::1]:40003 len 600',
  'udp 192.0.2.1:5000 > 198.51.100.9:22',
  'udp [2001:db8::1]:123 > [2001:db8::3]:123 len 110',
  'sctp 192.0.2.1:22 > 192.0.2.2:5000',
  'icmp 192.0.2.1 > 192.0.2.2 len 98',
  'icmp6 2001:db8::1 > 2001:db8::2 len 118',
  '47 192.0.2.1 > 192.0.2.2 len 60',
];

const taggedFlows = [
  'vlan 7 tcp 192.0.2.1:40004 > 192.0.2.2:22',
  'vlan 7 vlan 9 tcp 192.0.2.1:40005 > 192.0.2.2:22',
  'vlan 7 udp [2001:db8::1]:53 > [2001:db8::2]:999 len 600',
];

const office = { source: address('198.51.100.7'), destination: address('192.0.2.1') };
const office6 = { source: address('2001:db8:1::7'), destination: address('2001:db8::22') };
const ssh = { sourcePort: 40_006, destinationPort: 22, flags: 0x02 };

function address(text: string): Uint8Array {
  return parseAddress(text) as Uint8Array;
}

/** A question for the address of www.example.com. */
function dnsQuery(): Uint8Array {
  const labels = ['www', 'example', 'com'].map((label) => new TextEncoder().encode(label));
  const name = concat(...labels.flatMap((label) => [Uint8Array.of(label.length), label]), Uint8Array.of(0));
  return concat(Uint8Array.of(0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0), name, Uint8Array.of(0, 1, 0, 1));
}

/** IPv4 and IPv6 packets without link headers: flows, a DNS query, options, fragments, extension headers. */
export function ipPackets(): readonly Uint8Array[] {
  const tcp = buildTcp(ssh, office, new Uint8Array(0));
  const segment = buildTcp(ssh, office, new Uint8Array(44));
  const inFragments = { ...office, protocol: ipProtocol.tcp, identification: 77 };
  const tcp6 = buildTcp(ssh, office6, new Uint8Array(0));
  const extended = (header: number, extension: readonly number[]): Uint8Array =>
    buildIp({ ...office6, protocol: header }, concat(Uint8Array.from(extension), tcp6));
  const padding = [ipProtocol.tcp, 0, 1, 4, 0, 0, 0, 0];
  return [
    ...flows.map((flow) => frameOf(parseFlow(flow)).subarray(14)),
    buildIp(
      { ...office, protocol: ipProtocol.udp },
      buildUdp({ sourcePort: 5353, destinationPort: 53 }, office, dnsQuery()),
    ),
    // Record route, padded: the TCP header moves by 8.
    buildIp({ ...office, protocol: ipProtocol.tcp, options: Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 0) }, tcp),
    buildIp({ ...inFragments, moreFragments: true }, segment.subarray(0, 40)),
    buildIp({ ...inFragments, fragmentOffset: 40 }, segment.subarray(40)),
    extended(ipProtocol.hopByHop, padding),
    extended(ipProtocol.destinationOptions, padding),
    // An atomic fragment, and a later one.
    extended(ipProtocol.fragment, [ipProtocol.tcp, 0, 0, 0, 0, 0, 0, 1]),
    extended(ipProtocol.fragment, [ipProtocol.tcp, 0, 0, 8, 0, 0, 0, 1]),
  ];
}

/** Ethernet frames: the IP packets, tagged ones, and what is no IP at all. */
export function mixedFrames(): readonly Uint8Array[] {
  const [sender, target] = [office.source, office.destination];
  const arp = { senderMac: defaultSourceMac, sender, targetMac: defaultDestinationMac, target };
  const bridgeGroup = Uint8Array.of(0x01, 0x80, 0xc2, 0, 0, 0);
  const serviceTag = buildVlan(100, etherType.vlan, buildVlan(7, etherType.ipv4, ipPackets()[0] as Uint8Array), 5);
  return [
    buildLink('EN10MB', etherType.arp, buildArp({ ...arp, operation: 1, targetMac: new Uint8Array(6) })),
    buildLink('EN10MB', etherType.arp, buildArp({ ...arp, operation: 2 })),
    ...ipPackets().map((packet) =>
      buildLink('EN10MB', packet[0]! >> 4 === 4 ? etherType.ipv4 : etherType.ipv6, packet),
    ),
    ...taggedFlows.map((flow) => frameOf(parseFlow(flow))),
    buildLink('EN10MB', etherType.serviceVlan, serviceTag),
    // A spanning tree frame: 802.3 with a length, LLC 42 42 03.
    buildLink('EN10MB', 38, concat(Uint8Array.of(0x42, 0x42, 3), new Uint8Array(43)), { destination: bridgeGroup }),
    buildLink('EN10MB', 0x88cc, new Uint8Array(46)),
    // The least frame there can be.
    buildLink('EN10MB', etherType.ipv4, new Uint8Array(0)),
  ];
}

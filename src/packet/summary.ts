import type { LinkType } from '../ir/link-type.ts';
import { formatAddress, formatMac } from './address.ts';
import { parseDns } from './dns.ts';
import type { ArpLayer, IcmpLayer, Ipv4Layer, Ipv6Layer, Layer, TcpLayer, UdpLayer } from './layer.ts';
import { parsePacket } from './parse.ts';
import { describeEtherType, ipProtocol, ipProtocolName, tcpFlags } from './protocol.ts';

/**
 * A packet in one line, in the manner of tcpdump: tags, addresses and ports, the gist of the innermost header that we
 * know. The time in front is the caller's. Contains no character that a terminal could take for a command.
 * @param length on the wire
 */
export function summarize(bytes: Uint8Array, length: number, linkType: LinkType): string {
  const layers = parsePacket(bytes, length, linkType);
  const parts = layers.flatMap((layer, index) => wordsOf(layer, layers.slice(0, index), bytes) ?? []);
  return parts.length === 0 ? `length ${length}` : parts.join(' ');
}

/** What a layer adds to the line; nothing where the layers behind it say it all. */
function wordsOf(layer: Layer, outer: readonly Layer[], bytes: Uint8Array): string | undefined {
  switch (layer.kind) {
    case 'ethernet':
    case 'ipv6':
      return undefined;
    case 'extension':
      return fragmentWords(enclosing(outer), layer.nextHeader, layer.fragmentOffset);
    case 'cooked':
      return directions[layer.packetType];
    case 'loopback':
      return layer.family === 2 || layer.family > 9 ? undefined : `AF ${layer.family}`;
    case 'ppp':
      return `PPP 0x${layer.protocol.toString(16).padStart(4, '0')}`;
    case 'llc':
      return `LLC, dsap 0x${hexByte(layer.destinationService)}, ssap 0x${hexByte(layer.sourceService)}`;
    case 'vlan':
      return `vlan ${layer.identifier}, p ${layer.priority}${layer.dropEligible ? ', DEI' : ''},`;
    case 'arp':
      return arpWords(layer);
    case 'ipv4':
      return fragmentWords(layer, layer.protocol, layer.fragmentOffset);
    case 'tcp':
      return `${ports(layer, outer)} ${tcpWords(layer)}`;
    case 'udp':
      return `${ports(layer, outer)} ${udpWords(layer, bytes)}`;
    case 'sctp':
      return `${ports(layer, outer)} sctp${layer.chunkType === undefined ? '' : `, chunk ${layer.chunkType}`}`;
    case 'icmp':
    case 'icmp6':
      return `${between(enclosing(outer), '', '')} ${icmpWords(layer)}`;
    case 'other':
      return otherWords(layer, outer);
    case 'truncated': {
      const ip = enclosing(outer);
      return `${ip === undefined ? '' : `${between(ip, '', '')} `}[|${layer.header}]`;
    }
  }
}

/** Of a cooked header: to us is not worth a word. */
const directions: Readonly<Record<number, string>> = { 1: 'B', 2: 'M', 3: 'P', 4: 'Out' };

function enclosing(outer: readonly Layer[]): Ipv4Layer | Ipv6Layer | undefined {
  return outer.findLast((layer) => layer.kind === 'ipv4' || layer.kind === 'ipv6');
}

/** `IP 10.0.0.1.999 > 10.0.0.2.22:`, the ports given with their dot. */
function between(ip: Ipv4Layer | Ipv6Layer | undefined, from: string, to: string): string {
  if (ip === undefined) return '';
  const name = ip.kind === 'ipv4' ? 'IP' : 'IP6';
  return `${name} ${formatAddress(ip.source)}${from} > ${formatAddress(ip.destination)}${to}:`;
}

function ports(
  layer: { readonly sourcePort: number; readonly destinationPort: number },
  outer: readonly Layer[],
): string {
  return between(enclosing(outer), `.${layer.sourcePort}`, `.${layer.destinationPort}`);
}

function tcpWords(layer: TcpLayer): string {
  const letters = tcpFlags.filter(({ bit }) => (layer.flags & bit) !== 0).map(({ letter }) => letter);
  // tcpdump puts the dot of an acknowledgement last.
  const flags = [...letters.filter((letter) => letter !== '.'), ...letters.filter((letter) => letter === '.')].join('');
  const parts = [`Flags [${flags === '' ? 'none' : flags}]`];
  const isBare = layer.payloadLength === 0 && (layer.flags & 0x07) === 0;
  if (!isBare)
    parts.push(
      `seq ${layer.sequence}${layer.payloadLength > 0 ? `:${(layer.sequence + layer.payloadLength) >>> 0}` : ''}`,
    );
  if (letters.includes('.')) parts.push(`ack ${layer.acknowledgement}`);
  return [...parts, `win ${layer.window}`, `length ${layer.payloadLength}`].join(', ');
}

const dnsPorts: readonly number[] = [53, 5353];

function udpWords(layer: UdpLayer, bytes: Uint8Array): string {
  const isDns = dnsPorts.includes(layer.sourcePort) || dnsPorts.includes(layer.destinationPort);
  const start = layer.offset + 8;
  return (
    (isDns ? dnsWords(bytes.subarray(start, start + layer.payloadLength), layer.payloadLength) : undefined) ??
    `UDP, length ${layer.payloadLength}`
  );
}

function dnsWords(payload: Uint8Array, length: number): string | undefined {
  const message = parseDns(payload);
  if (message === undefined) return undefined;
  const { identifier, isResponse, responseCode, answers, question } = message;
  const asked = question === undefined ? '' : ` ${question.type}? ${question.name}`;
  const answered = isResponse ? ` ${responseCode === 0 ? '' : `error ${responseCode}, `}${answers} answers` : '';
  return `DNS ${identifier}${answered}${asked} (${length})`;
}

const icmpTypes: Readonly<Record<IcmpLayer['kind'], ReadonlyMap<number, string>>> = {
  icmp: new Map([
    [0, 'echo reply'],
    [3, 'destination unreachable'],
    [5, 'redirect'],
    [8, 'echo request'],
    [11, 'time exceeded'],
    [12, 'parameter problem'],
  ]),
  icmp6: new Map([
    [1, 'destination unreachable'],
    [2, 'packet too big'],
    [3, 'time exceeded'],
    [4, 'parameter problem'],
    [128, 'echo request'],
    [129, 'echo reply'],
    [133, 'router solicitation'],
    [134, 'router advertisement'],
    [135, 'neighbor solicitation'],
    [136, 'neighbor advertisement'],
    [137, 'redirect'],
    [143, 'multicast listener report v2'],
  ]),
};

function icmpWords(layer: IcmpLayer): string {
  const name = icmpTypes[layer.kind].get(layer.type) ?? `type ${layer.type}`;
  const isEcho = name.startsWith('echo');
  const detail = isEcho
    ? `, id ${layer.rest >>> 16}, seq ${layer.rest & 0xffff}`
    : layer.code === 0
      ? ''
      : `, code ${layer.code}`;
  return `${layer.kind === 'icmp' ? 'ICMP' : 'ICMP6'} ${name}${detail}, length ${layer.messageLength}`;
}

function arpWords(layer: ArpLayer): string {
  const name = layer.reverse ? 'Reverse ARP' : 'ARP';
  const [sender, target] = [layer.senderAddress, layer.targetAddress].map((address) => {
    return address.length === 4 ? formatAddress(address) : `<${address.length} bytes>`;
  });
  const hardware = layer.senderHardware.length === 6 ? formatMac(layer.senderHardware) : 'unknown hardware';
  if (layer.operation === 1) return `${name}, Request who-has ${target} tell ${sender}`;
  if (layer.operation === 2) return `${name}, Reply ${sender} is-at ${hardware}`;
  return `${name}, operation ${layer.operation}`;
}

function otherWords(layer: Layer & { readonly kind: 'other' }, outer: readonly Layer[]): string {
  const { space, number } = layer.protocol;
  if (space === 'ethernet') return `ethertype ${describeEtherType(number)}, length ${layer.length}`;
  // What a tunnel carries has its own words.
  if (number === 4 || number === ipProtocol.ipv6) return between(enclosing(outer), '', '');
  return `${between(enclosing(outer), '', '')} ${ipProtocolName(number)}, length ${layer.length}`;
}

/** A fragment but the first has no header of its protocol. */
function fragmentWords(ip: Ipv4Layer | Ipv6Layer | undefined, protocol: number, offset = 0): string | undefined {
  return offset === 0 ? undefined : `${between(ip, '', '')} ${ipProtocolName(protocol)}, fragment at ${offset}`;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

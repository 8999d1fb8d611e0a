import type { Span } from '../ir/span.ts';
import { parseNumber } from './address.ts';
import * as diagnostics from './diagnostics.ts';
import type { Lowering } from './lowering.ts';
import type { Names } from './names.ts';
import { isoProtocolNames, linkProtocolNames, type Protocol } from './protocols.ts';
import type { Ipv4Network, Ipv6Network } from './protocol/host.ts';
import type { PortRange, Transport } from './protocol/transport.ts';
import type { Qualifiers } from './qualifiers.ts';
import type { WrittenName } from './syntax.ts';

/** What names stand for, asked from the system's files or whatever answers in their place. */

export interface HostAddresses {
  readonly ipv4: readonly Ipv4Network[];
  readonly ipv6: readonly Ipv6Network[];
}

/** The addresses of a host of the families that the qualifiers leave, in ascending order, as libpcap compares them. */
export function resolveHost(names: Names, name: WrittenName, protocol: Protocol | undefined): HostAddresses {
  const addresses = names.host(name.name);
  if (addresses.length === 0) diagnostics.fail(diagnostics.unknownHost(name.span, name.name));
  const wantsIpv4 = protocol !== 'ip6';
  const wantsIpv6 = protocol !== 'ip' && protocol !== 'arp' && protocol !== 'rarp';
  const ipv4 = addresses
    .filter((address) => address.length === 4 && wantsIpv4)
    .map((address) => ({ address: new DataView(address.buffer, address.byteOffset).getUint32(0), mask: 0xffffffff }))
    .sort((a, b) => a.address - b.address);
  const ipv6 = addresses
    .filter((address) => address.length === 16 && wantsIpv6)
    .map((address) => ({ address, prefixLength: 128 }))
    .sort((a, b) => compareBytes(a.address, b.address));
  if (ipv4.length + ipv6.length === 0) {
    diagnostics.fail(diagnostics.unknownHost(name.span, name.name, wantsIpv4 ? 'IPv4' : 'IPv6'));
  }
  return { ipv4, ipv6 };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
}

/** A network by name; its mask covers the bytes from the first that is not zero. */
export function resolveNetwork(names: Names, name: WrittenName): Ipv4Network {
  const number = names.network(name.name);
  if (number === undefined || number === 0) return diagnostics.fail(diagnostics.unknownNetwork(name.span, name.name));
  return leftJustified(number);
}

/** `10` is 10.0.0.0/8, `300` is 1.44.0.0/16: the bytes of a short network number, moved to the left. */
export function leftJustified(number: number): Ipv4Network {
  let address = number;
  let mask = 0xffffffff;
  while (address !== 0 && address <= 0x00ffffff) {
    address = (address << 8) >>> 0;
    mask = (mask << 8) >>> 0;
  }
  return { address, mask };
}

export interface ResolvedPorts {
  readonly ports: PortRange;
  /** The only transport that the name is listed for; undefined where it is a number, or listed for several. */
  readonly transport: Transport | undefined;
}

/** `port NAME`. */
export function resolvePort(names: Names, name: WrittenName): ResolvedPorts {
  const { port, transport } = portOf(names, name.name, name.span);
  return { ports: { first: port, last: port }, transport };
}

/** `portrange A-B`, each a number or a name, in either order. */
export function resolvePortRange(names: Names, name: WrittenName): ResolvedPorts {
  const parts = name.name.split('-');
  const [from, to] = parts;
  if (parts.length !== 2 || from === undefined || to === undefined || from === '' || to === '') {
    return diagnostics.fail(diagnostics.invalidPortRange(name.span, name.name));
  }
  const first = portOf(names, from, name.span);
  const last = portOf(names, to, name.span);
  return {
    ports: { first: Math.min(first.port, last.port), last: Math.max(first.port, last.port) },
    transport: first.transport === last.transport ? first.transport : undefined,
  };
}

export function checkPort(port: number, span: Span): void {
  if (port > 0xffff) diagnostics.fail(diagnostics.valueTooLarge(span, 'port', port, 0xffff));
}

function portOf(
  names: Names,
  text: string,
  span: Span,
): { readonly port: number; readonly transport: Transport | undefined } {
  const number = parseNumber(text);
  switch (number.kind) {
    case 'value':
      checkPort(number.value, span);
      return { port: number.value, transport: undefined };
    case 'overflow':
      return diagnostics.fail(diagnostics.numberTooLarge(span, text));
    case 'not-octal':
    case 'not-a-number':
      return servicePort(names, text, span);
  }
}

/** A name that TCP and UDP share with one number means both; with different numbers, TCP's. */
function servicePort(
  names: Names,
  name: string,
  span: Span,
): { readonly port: number; readonly transport: Transport | undefined } {
  const services = names.service(name);
  const tcp = services.find((service) => service.transport === 'tcp');
  const udp = services.find((service) => service.transport === 'udp');
  const chosen = tcp ?? udp ?? services[0];
  if (chosen === undefined) return diagnostics.fail(diagnostics.unknownPort(span, name));
  const isShared = tcp !== undefined && udp?.port === tcp.port;
  return { port: chosen.port, transport: isShared ? undefined : chosen.transport };
}

/** The number behind `proto` or `protochain`. */
export function resolveProtocol(lowering: Lowering, name: WrittenName, qualifiers: Qualifiers): number {
  const number = protocolNumber(lowering.names, name.name, qualifiers.protocol);
  if (number !== undefined) return number;
  const words = [qualifiers.protocol, qualifiers.type].filter((word) => word !== undefined).join(' ');
  return diagnostics.fail(diagnostics.unknownProtocol(name.span, name.name, words));
}

function protocolNumber(names: Names, name: string, protocol: Protocol | undefined): number | undefined {
  switch (protocol) {
    case undefined:
    case 'ip':
    case 'ip6':
      return names.protocol(name);
    case 'link':
      return linkProtocolNames.get(name);
    case 'iso':
      return isoProtocolNames.get(name);
    default:
      return undefined;
  }
}

/** The transport that `port` and `portrange` are qualified with. */
export function transportOf(lowering: Lowering, qualifiers: Qualifiers): Transport | undefined {
  const { protocol } = qualifiers;
  switch (protocol) {
    case 'tcp':
    case 'udp':
    case 'sctp':
    case undefined:
      return protocol;
    default:
      return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, protocol, `'${qualifiers.type}'`));
  }
}

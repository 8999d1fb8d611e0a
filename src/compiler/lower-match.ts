import { and, or, type Predicate } from '../ir/predicate.ts';
import { ipv4Mask, ipv6Mask, ipv6Words, parseDecnet, parseIpv4 } from './address.ts';
import * as diagnostics from './diagnostics.ts';
import type { Lowering } from './lowering.ts';
import { matchSet } from './match-set.ts';
import { protocolChain } from './protocol/chain.ts';
import { decnetHost } from './protocol/decnet.ts';
import { etherHost } from './protocol/ether.ts';
import { ipv4Host, ipv6Host, type Ipv4Network } from './protocol/host.ts';
import { ipProtocol, isisPacket, isoProtocol } from './protocol/ip.ts';
import { linkProtocol } from './protocol/link.ts';
import { port, type Transport } from './protocol/transport.ts';
import type { Protocol } from './protocols.ts';
import type { Qualifiers, ValueType } from './qualifiers.ts';
import {
  checkPort,
  leftJustified,
  resolveHost,
  resolveNetwork,
  resolvePort,
  resolvePortRange,
  resolveProtocol,
  transportOf,
  type ResolvedPorts,
} from './resolve.ts';
import type { Written, WrittenIpv4, WrittenName, WrittenNumber } from './syntax.ts';

/** A value with its qualifiers. What a value may be depends on how it is written, then on the type before it. */
export function match(lowering: Lowering, qualifiers: Qualifiers, value: Written): Predicate {
  switch (value.kind) {
    case 'name':
      return matchName(lowering, qualifiers, value);
    case 'number':
      return matchNumber(lowering, qualifiers, value);
    case 'ipv4':
      return matchIpv4(lowering, qualifiers, value);
    case 'ipv4-prefix':
    case 'ipv4-mask':
      return matchIpv4Network(lowering, qualifiers, value);
    case 'ipv6':
    case 'ipv6-prefix':
      return matchIpv6(lowering, qualifiers, value);
    case 'mac':
      if (qualifiers.protocol !== 'link' || typeOf(qualifiers) !== 'host') {
        return diagnostics.fail(diagnostics.macOutsideEther(value.span));
      }
      return etherHost(lowering, value.address, qualifiers.direction, 'ether host');
    case 'set':
      return matchSet(lowering, qualifiers, value);
    case 'short-mac':
      return diagnostics.fail(diagnostics.notOnLinkType(value.span, 'an 8-bit address', lowering.layers.linkType));
  }
}

function typeOf(qualifiers: Qualifiers): ValueType {
  return qualifiers.type ?? 'host';
}

function matchName(lowering: Lowering, qualifiers: Qualifiers, name: WrittenName): Predicate {
  const { protocol, direction } = qualifiers;
  const type = typeOf(qualifiers);
  if (protocol === 'decnet') return diagnostics.fail(diagnostics.invalidDecnet(name.span, name.name));
  switch (type) {
    case 'net': {
      const network = resolveNetwork(lowering.names, name);
      return ipv4Host(lowering, [network], protocol, direction, 'an IPv4 network');
    }
    case 'host':
      return protocol === 'link'
        ? etherHost(lowering, ethernetAddress(lowering, name), direction, 'ether host')
        : matchHostName(lowering, qualifiers, name);
    case 'port':
    case 'portrange': {
      const asked = transportOf(lowering, qualifiers);
      const resolved = type === 'port' ? resolvePort(lowering.names, name) : resolvePortRange(lowering.names, name);
      return port(lowering, resolved.ports, agreedTransport(asked, resolved, name), direction);
    }
    case 'gateway':
      return gateway(lowering, protocol, name);
    case 'proto':
    case 'protochain':
      return matchProtocol(lowering, qualifiers, resolveProtocol(lowering, name, qualifiers));
  }
}

function ethernetAddress(lowering: Lowering, name: WrittenName): Uint8Array {
  return lowering.names.ethernet(name.name) ?? diagnostics.fail(diagnostics.unknownEthernetHost(name.span, name.name));
}

function matchHostName(lowering: Lowering, qualifiers: Qualifiers, name: WrittenName): Predicate {
  const { protocol, direction } = qualifiers;
  const { ipv4, ipv6 } = resolveHost(lowering.names, name, protocol);
  const what = 'a host name';
  return or(
    ...(ipv4.length === 0 ? [] : [ipv4Host(lowering, ipv4, protocol, direction, what)]),
    ...(ipv6.length === 0 ? [] : [ipv6Host(lowering, ipv6, protocol, direction, what)]),
  );
}

/** What passes through a router: from or to its MAC address, but not from or to its IPv4 addresses. */
function gateway(lowering: Lowering, protocol: Protocol | undefined, name: WrittenName): Predicate {
  if (protocol !== undefined && protocol !== 'ip' && protocol !== 'arp' && protocol !== 'rarp') {
    diagnostics.fail(diagnostics.invalidQualifier(lowering.span, protocol, "'gateway'"));
  }
  if (lowering.layers.labels > 0) diagnostics.fail(diagnostics.notAfterMpls(lowering.span, "'gateway'"));
  if (lowering.layers.inTunnel) diagnostics.fail(diagnostics.notInsideTunnel(lowering.span, "'gateway'"));
  const ofRouter = etherHost(lowering, ethernetAddress(lowering, name), 'src or dst', 'gateway');
  const { ipv4 } = resolveHost(lowering.names, name, 'ip');
  return and(ofRouter, ipv4Host(lowering, ipv4, protocol, 'src or dst', "'gateway'", true));
}

/** A name may be listed for one transport only; then that one is meant, and another before it is an error. */
function agreedTransport(
  asked: Transport | undefined,
  resolved: ResolvedPorts,
  name: WrittenName,
): Transport | undefined {
  if (asked !== undefined && resolved.transport !== undefined && asked !== resolved.transport) {
    return diagnostics.fail(diagnostics.wrongTransport(name.span, name.name, resolved.transport));
  }
  return asked ?? resolved.transport;
}

function matchNumber(lowering: Lowering, qualifiers: Qualifiers, number: WrittenNumber): Predicate {
  const { protocol, direction } = qualifiers;
  const { value, span } = number;
  const type = typeOf(qualifiers);
  if (protocol === 'decnet') return diagnostics.fail(diagnostics.invalidDecnet(span, String(value)));
  switch (type) {
    case 'host':
    case 'net': {
      const network = type === 'net' ? leftJustified(value) : { address: value, mask: 0xffffffff };
      return ipv4Host(lowering, [network], protocol, direction, 'an IPv4 address');
    }
    case 'port':
    case 'portrange': {
      const transport = transportOf(lowering, qualifiers);
      checkPort(value, span);
      return port(lowering, { first: value, last: value }, transport, direction);
    }
    case 'proto':
    case 'protochain':
      return matchProtocol(lowering, qualifiers, value);
    case 'gateway':
      return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, 'gateway', 'a number: it needs a host name'));
  }
}

function matchProtocol(lowering: Lowering, qualifiers: Qualifiers, number: number): Predicate {
  const { protocol } = qualifiers;
  const isChain = qualifiers.type === 'protochain';
  switch (protocol) {
    case undefined:
    case 'ip':
    case 'ip6': {
      const over = protocol ?? 'ip or ip6';
      return isChain ? protocolChain(lowering, over, number) : ipProtocol(lowering, over, number);
    }
    case 'link':
      if (!isChain) return linkProtocol(lowering, number);
      break;
    case 'iso':
      if (!isChain) return isoProtocol(lowering, number);
      break;
    case 'isis':
      if (!isChain) return isisPacket(lowering, number);
      break;
    default:
      break;
  }
  return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, protocol, `'${typeOf(qualifiers)}'`));
}

function matchIpv4(lowering: Lowering, qualifiers: Qualifiers, value: WrittenIpv4): Predicate {
  const { protocol, direction } = qualifiers;
  const type = typeOf(qualifiers);
  if (type !== 'host' && type !== 'net') {
    return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, type, 'an IPv4 address'));
  }
  if (protocol === 'decnet') {
    const address = parseDecnet(value.address);
    if (address === undefined || type !== 'host') {
      return diagnostics.fail(diagnostics.invalidDecnet(value.span, value.address));
    }
    return decnetHost(lowering, address, direction);
  }
  const { address, bits } = ipv4Of(value.address, value);
  return ipv4Host(lowering, [{ address, mask: ipv4Mask(bits) }], protocol, direction, 'an IPv4 address');
}

function ipv4Of(text: string, value: Written): NonNullable<ReturnType<typeof parseIpv4>> {
  return parseIpv4(text) ?? diagnostics.fail(diagnostics.invalidIpv4(value.span, text));
}

type WrittenNetwork = Extract<Written, { readonly kind: 'ipv4-prefix' | 'ipv4-mask' }>;

function matchIpv4Network(lowering: Lowering, qualifiers: Qualifiers, value: WrittenNetwork): Predicate {
  const { protocol, direction } = qualifiers;
  const type = typeOf(qualifiers);
  if (type !== 'net' || protocol === 'decnet') {
    return diagnostics.fail(
      diagnostics.invalidQualifier(lowering.span, protocol === 'decnet' ? protocol : type, 'an IPv4 network'),
    );
  }
  return ipv4Host(lowering, [networkOf(value)], protocol, direction, 'an IPv4 network');
}

function networkOf(value: WrittenNetwork): Ipv4Network {
  const { address } = ipv4Of(value.address, value);
  if (value.kind === 'ipv4-prefix' && value.length > 32) {
    diagnostics.fail(diagnostics.valueTooLarge(value.span, 'the length of an IPv4 prefix,', value.length, 32));
  }
  const mask = value.kind === 'ipv4-prefix' ? ipv4Mask(value.length) : ipv4Of(value.mask, value).address;
  if ((address & ~mask) !== 0) {
    const rest = value.kind === 'ipv4-prefix' ? `/${value.length}` : ` mask ${value.mask}`;
    const network = `${dotted((address & mask) >>> 0)}${rest}`;
    diagnostics.fail(diagnostics.hostBitsSet(value.span, `${value.address}${rest}`, network));
  }
  return { address, mask };
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

type WrittenIpv6 = Extract<Written, { readonly kind: 'ipv6' | 'ipv6-prefix' }>;

function matchIpv6(lowering: Lowering, qualifiers: Qualifiers, value: WrittenIpv6): Predicate {
  const { protocol, direction } = qualifiers;
  const type = typeOf(qualifiers);
  const prefixLength = value.kind === 'ipv6' ? 128 : value.length;
  const what = value.kind === 'ipv6' ? 'an IPv6 address' : 'an IPv6 network';
  if (prefixLength > 128) {
    diagnostics.fail(diagnostics.valueTooLarge(value.span, 'the length of an IPv6 prefix,', prefixLength, 128));
  }
  const mask = ipv6Mask(prefixLength);
  if (ipv6Words(value.address).some((word, i) => (word & ~(mask[i] as number)) !== 0)) {
    const { source, start, end } = value.span;
    diagnostics.fail(diagnostics.ipv6HostBitsSet(value.span, source.text.slice(start, end)));
  }
  if (type !== 'net' && (type !== 'host' || prefixLength !== 128)) {
    return diagnostics.fail(diagnostics.invalidQualifier(lowering.span, type, what));
  }
  return ipv6Host(lowering, [{ address: value.address, prefixLength }], protocol, direction, what);
}

import { textOf, type Span } from '../../ir/span.ts';
import type { Diagnostic } from '../diagnostic.ts';
import type { SetType } from '../lowering.ts';
import { didYouMean } from '../suggestion.ts';
import { error, quoted } from './make.ts';

/** Values that are wrong, unknown, or out of place. */

export function invalidQualifier(span: Span, qualifier: string, what: string): Diagnostic {
  return error('invalid-qualifier', span, `${quoted(qualifier)} cannot qualify ${what}`);
}

export function notAPrimitive(span: Span, protocol: string): Diagnostic {
  return error(
    'not-a-primitive',
    span,
    `${quoted(textOf(span))} by itself is no condition`,
    protocol === 'link' ? 'write for example: ether host 00:11:22:aa:bb:cc' : undefined,
  );
}

export function invalidIpv4(span: Span, text: string): Diagnostic {
  return error('invalid-ipv4-address', span, `invalid IPv4 address ${quoted(text)}`, 'two to four numbers up to 255');
}

export function invalidDecnet(span: Span, text: string): Diagnostic {
  return error(
    'invalid-decnet-address',
    span,
    `invalid DECnet address ${quoted(text)}`,
    'an area up to 63 and a node up to 1023, as in 10.123',
  );
}

export function valueTooLarge(span: Span, what: string, value: number, largest: number): Diagnostic {
  return error('value-too-large', span, `${what} ${value} is larger than ${largest}`);
}

export function hostBitsSet(span: Span, text: string, network: string): Diagnostic {
  return error('host-bits-set', span, `${quoted(text)} has bits set behind its prefix`, `write: ${network}`);
}

export function ipv6HostBitsSet(span: Span, text: string): Diagnostic {
  return error('host-bits-set', span, `${quoted(text)} has bits set behind its prefix`);
}

export function macOutsideEther(span: Span): Diagnostic {
  return error(
    'mac-outside-ether',
    span,
    'a MAC address needs the qualifier ether',
    `write: ether host ${textOf(span)}`,
  );
}

export function unknownHost(span: Span, name: string, family?: string): Diagnostic {
  return error(
    'unknown-host',
    span,
    family === undefined ? `unknown host ${quoted(name)}` : `host ${quoted(name)} has no ${family} address`,
    'only /etc/hosts is asked, not DNS: write the address',
  );
}

export function unknownEthernetHost(span: Span, name: string): Diagnostic {
  return error(
    'unknown-ethernet-host',
    span,
    `unknown Ethernet host ${quoted(name)}`,
    'only /etc/ethers is asked: write the MAC address',
  );
}

export function unknownNetwork(span: Span, name: string): Diagnostic {
  return error(
    'unknown-network',
    span,
    `unknown network ${quoted(name)}`,
    'only /etc/networks is asked: write the network as address/length',
  );
}

export function unknownPort(span: Span, name: string): Diagnostic {
  return error('unknown-port', span, `unknown port ${quoted(name)}`, 'only /etc/services is asked: write the number');
}

export function wrongTransport(span: Span, name: string, actual: string): Diagnostic {
  return error('wrong-transport', span, `port ${quoted(name)} is ${actual}`, `write: ${actual} port ${name}`);
}

export function invalidPortRange(span: Span, text: string): Diagnostic {
  return error(
    'invalid-port-range',
    span,
    `${quoted(text)} is no range of ports`,
    'two ports and one hyphen: 8000-8080',
  );
}

export function unknownProtocol(span: Span, name: string, qualifiers: string): Diagnostic {
  return error('unknown-protocol', span, `unknown protocol ${quoted(name)} for ${quoted(qualifiers)}`);
}

export function unknownLlcType(span: Span, name: string, known: readonly string[]): Diagnostic {
  return error(
    'unknown-llc-type',
    span,
    `unknown kind of LLC frame ${quoted(name)}`,
    didYouMean(name, known) ?? `one of: ${known.join(' ')}`,
  );
}

export function netmaskUnknown(span: Span): Diagnostic {
  return error(
    'netmask-unknown',
    span,
    "'ip broadcast' needs the netmask of the interface, which is not known here",
    'write the broadcast address: dst host 192.0.2.255',
  );
}

export function indexNotSupported(span: Span, protocol: string): Diagnostic {
  return error('index-not-supported', span, `${quoted(protocol)} has no bytes that can be asked for`);
}

export function accessSize(span: Span, size: number): Diagnostic {
  return error('access-size', span, `${size} bytes cannot be read at once`, 'the size is 1, 2 or 4');
}

export function divisionByZero(span: Span): Diagnostic {
  return error('division-by-zero', span, 'division by zero');
}

export function shiftTooFar(span: Span, bits: number): Diagnostic {
  return error('shift-too-far', span, `a shift by ${bits} bits leaves nothing`, 'values have 32 bits');
}

export function arithmeticTooLong(span: Span, limit: number): Diagnostic {
  return error('arithmetic-too-long', span, `an expression may have at most ${limit} numbers and operations`);
}

export function arithmeticTooComplex(span: Span): Diagnostic {
  return error(
    'arithmetic-too-complex',
    span,
    'the expression needs more than 16 intermediate results',
    'classic BPF has 16 cells of scratch memory; nest less to the right',
  );
}

export function unknownSet(span: Span, name: string, known: readonly string[]): Diagnostic {
  const written = known.map((each) => `@${each}`);
  const help = known.length === 0 ? 'there are no sets here' : `the sets are: ${written.join(' ')}`;
  return error('unknown-set', span, `unknown set ${quoted(`@${name}`)}`, didYouMean(`@${name}`, written) ?? help);
}

export function wrongSetType(span: Span, name: string, actual: SetType, wanted: SetType): Diagnostic {
  return error(
    'wrong-set-type',
    span,
    `${quoted(`@${name}`)} is a set of ${setContents[actual]}, not of ${setContents[wanted]}`,
    `write: ${setExamples[actual]} @${name}`,
  );
}

const setContents: Readonly<Record<SetType, string>> = { address: 'addresses', port: 'ports', mac: 'MAC addresses' };

const setExamples: Readonly<Record<SetType, string>> = { address: 'host', port: 'port', mac: 'ether host' };

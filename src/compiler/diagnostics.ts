import { textOf, type Span } from '../ir/span.ts';
import { DiagnosticError, type Diagnostic } from './diagnostic.ts';
import { visible } from './render.ts';
import { didYouMean } from './suggestion.ts';
import { foreignDescription, words, type ForeignFamily } from './words.ts';

/**
 * The catalogue: one function per diagnostic of the filter language. Codes are stable; messages are one line and end
 * without a stop; text of the user's goes through `quoted`, which makes control characters visible.
 */

export function fail(diagnostic: Diagnostic): never {
  throw new DiagnosticError([diagnostic]);
}

function error(code: string, span: Span, message: string, help?: string): Diagnostic {
  return help === undefined
    ? { code, severity: 'error', message, span }
    : { code, severity: 'error', message, span, help };
}

function warning(code: string, span: Span, message: string, help?: string): Diagnostic {
  return { ...error(code, span, message, help), severity: 'warning' };
}

/** The user's text in an error: quoted, control characters visible, not too long. */
export function quoted(text: string): string {
  const shown = visible(text);
  return `'${shown.length > 60 ? `${visible(shown.slice(0, 57))}...` : shown}'`;
}

// Characters and tokens

export function unexpectedCharacter(span: Span, character: string): Diagnostic {
  const help =
    character === '"' || character === "'"
      ? 'quotes are for the shell; the filter itself needs none'
      : character === ','
        ? "lists are written with 'or': port 80 or 443"
        : character === '#'
          ? 'the language has no comments'
          : undefined;
  return error('unexpected-character', span, `unexpected character ${quoted(character)}`, help);
}

export function numberTooLarge(span: Span, text: string): Diagnostic {
  return error('number-too-large', span, `the number ${quoted(text)} does not fit into 32 bits`);
}

export function numberNotOctal(span: Span, text: string): Diagnostic {
  const decimal = text.replace(/^0+/, '');
  return error(
    'number-not-octal',
    span,
    `${quoted(text)} is not a number: a leading 0 means octal, which has no digits 8 and 9`,
    decimal === '' ? undefined : `write ${decimal.slice(0, 20)} for the decimal number`,
  );
}

export function invalidIpv6(span: Span, text: string): Diagnostic {
  return error('invalid-ipv6-address', span, `invalid IPv6 address ${quoted(text)}`);
}

export function invalidMac(span: Span, text: string): Diagnostic {
  return error(
    'invalid-mac-address',
    span,
    `invalid MAC address ${quoted(text)}`,
    'six bytes, as in 00:11:22:aa:bb:cc',
  );
}

// Structure

export function unexpectedEnd(span: Span, expected: string): Diagnostic {
  return error('unexpected-end', span, `the filter ends where ${expected} is expected`);
}

export function unexpectedToken(span: Span, text: string, expected: string): Diagnostic {
  return error('unexpected-token', span, `expected ${expected}, found ${quoted(text)}`);
}

export function unknownPrimitive(span: Span, text: string): Diagnostic {
  const lower = text.toLowerCase();
  const help = words.has(lower)
    ? `words of the language are lower case: ${lower}`
    : (didYouMean(text, [...words.keys()]) ?? `to match a host of that name, write: host ${visible(text)}`);
  return error('unknown-primitive', span, `${quoted(text)} is not a word of the filter language`, help);
}

/** @param before the word before the place, which may be misspelt, or lack a type behind it */
export function missingOperator(span: Span, text: string, before: string): Diagnostic {
  const help =
    /^(tcp|udp|sctp)$/.test(before) && /^[0-9]+$/.test(text)
      ? `write: ${before} port ${text}`
      : words.has(before)
        ? undefined
        : didYouMean(before, [...words.keys()]);
  return error('missing-operator', span, `expected 'and' or 'or' before ${quoted(text)}`, help);
}

export function nothingToInherit(span: Span, text: string): Diagnostic {
  const help = /^[0-9]+$/.test(text) ? `write: port ${text}` : `write: host ${visible(text)}`;
  return error(
    'nothing-to-inherit',
    span,
    `nothing says what ${quoted(text)} is compared with`,
    text.length > 60 ? undefined : help,
  );
}

export function valueExpected(span: Span, text: string, qualifiers: string): Diagnostic {
  return error(
    'value-expected',
    span,
    `expected a value for ${quoted(qualifiers)}, found ${quoted(text)}`,
    words.has(text) ? `to use the word ${quoted(text)} as a name, write: \\${text}` : undefined,
  );
}

export function valueListOnly(span: Span, text: string): Diagnostic {
  return error(
    'value-list-only',
    span,
    `parentheses that begin with a value hold only values, found ${quoted(text)}`,
    'repeat the qualifiers of the first value inside the parentheses',
  );
}

export function unclosedParenthesis(opening: Span): Diagnostic {
  return error('unclosed-parenthesis', opening, "this '(' is never closed");
}

export function unopenedParenthesis(span: Span): Diagnostic {
  return error('unopened-parenthesis', span, "this ')' closes nothing");
}

export function nestedTooDeep(span: Span, limit: number): Diagnostic {
  return error('nested-too-deep', span, `parentheses, indexes and signs are nested more than ${limit} deep`);
}

export function directionIncomplete(span: Span, direction: string, joiner: string): Diagnostic {
  const other = direction === 'src' ? 'dst' : 'src';
  return error(
    'direction-incomplete',
    span,
    `expected ${quoted(other)} after '${direction} ${joiner}'`,
    `write: ${direction} ${joiner} ${other}`,
  );
}

export function directionNotAllowed(span: Span, word: string): Diagnostic {
  return error('direction-not-allowed', span, `${quoted(word)} takes no direction`, "leave out 'src' and 'dst'");
}

export function comparisonExpected(span: Span): Diagnostic {
  return error('comparison-expected', span, 'a value by itself is no condition', 'compare it: =, !=, <, <=, > or >=');
}

export function comparisonChained(span: Span): Diagnostic {
  return error('comparison-chained', span, 'comparisons cannot be chained', "join two comparisons with 'and'");
}

export function shortNetwork(span: Span): Diagnostic {
  const text = textOf(span);
  return error(
    'short-network',
    span,
    `${quoted(text)} is no address, so it cannot have a prefix`,
    /^[0-9]{1,3}$/.test(text) ? `write: ${Number(text)}.0.0.0/...` : 'write all four numbers: 10.0.0.0/8',
  );
}

// What other link types have

export function foreignPrimitive(span: Span, word: string, family: ForeignFamily): Diagnostic {
  return error(
    'foreign-primitive',
    span,
    `${quoted(word)} is about ${foreignDescription(family)}, which pktf does not filter`,
  );
}

export function notOnLinkType(span: Span, word: string, linkType: string): Diagnostic {
  return error('not-on-link-type', span, `${quoted(word)} has no meaning on link type ${linkType}`);
}

export function liveOnly(span: Span, word: string, linkType: string): Diagnostic {
  return error(
    'live-only',
    span,
    `${quoted(word)} asks what only a live interface knows; packets of link type ${linkType} do not carry it`,
    'attach the filter to an interface, or use a LINUX_SLL2 capture',
  );
}

// Values

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

// Encapsulation

export function notAfterMpls(span: Span, what: string): Diagnostic {
  return error(
    'not-after-mpls',
    span,
    `${what} cannot be matched behind 'mpls'`,
    "behind 'mpls' there is only ip or ip6",
  );
}

export function notInsideTunnel(span: Span, what: string): Diagnostic {
  return error('not-inside-tunnel', span, `${what} cannot be matched inside 'geneve' or 'vxlan'`);
}

export function chainAfterVariableHeader(span: Span): Diagnostic {
  return error(
    'chain-after-variable-header',
    span,
    "'protochain' cannot be used behind headers of variable length",
    "put it before 'geneve' or 'vxlan'",
  );
}

export function tooManyVariables(span: Span): Diagnostic {
  return error('too-many-variables', span, 'the filter needs more than 16 cells of scratch memory');
}

// Warnings

export function neverMatches(span: Span): Diagnostic {
  return warning('never-matches', span, 'no packet can match this');
}

export function clausesExclude(first: Span, second: Span): Diagnostic {
  return warning(
    'never-matches',
    second,
    `no packet can match this: ${quoted(textOf(first))} and ${quoted(textOf(second))} exclude each other`,
    "for packets of either kind, join them with 'or'",
  );
}

/** @param encapsulation the primitive that moved the offsets */
export function shiftedClause(span: Span, encapsulation: Span): Diagnostic {
  return warning(
    'shifted-clause',
    span,
    `${quoted(textOf(encapsulation))} comes before this, so this is about what it carries, in all packets`,
    `put the part with ${quoted(textOf(encapsulation))} last to ask about other packets too`,
  );
}

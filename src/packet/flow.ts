import { formatAddress, parseAddress } from './address.ts';
import { ipProtocol, tcpFlags } from './protocol.ts';

/**
 * One packet in a line: `[vlan N]… tcp[flags]|udp|sctp|icmp|icmp6|N A:P > B:P [len N]`. Plain `tcp` is one SYN;
 * `tcp[syn,ack]` names the flags, `tcp[]` has none. `icmp`, `icmp6` (an echo request) and protocol numbers take
 * addresses without ports. IPv6 addresses with a port stand in brackets. `len` is what a filter's `len` gives: the
 * whole frame, its link header included.
 */
export interface Flow {
  /** Tags, outermost first. */
  readonly vlans: readonly number[];
  /** Number of the IP protocol. */
  readonly protocol: number;
  /** Of a TCP segment, else 0. */
  readonly tcpFlags: number;
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly length?: number;
}

export interface Endpoint {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** For the protocols that have ports. */
  readonly port?: number;
}

/** What is wrong with a flow, and where in its text: UTF-16 offsets, `end` exclusive. */
export class FlowError extends Error {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.name = 'FlowError';
    this.start = start;
    this.end = end;
  }
}

const syn = 0x02;

const protocolsByName: ReadonlyMap<string, number> = new Map([
  ['tcp', ipProtocol.tcp],
  ['udp', ipProtocol.udp],
  ['sctp', ipProtocol.sctp],
  ['icmp', ipProtocol.icmp],
  ['icmp6', ipProtocol.icmp6],
]);

const protocolsWithPorts: readonly number[] = [ipProtocol.tcp, ipProtocol.udp, ipProtocol.sctp];

/** @throws FlowError with the place in the text */
export function parseFlow(text: string): Flow {
  const words = wordsOf(text);
  const vlans: number[] = [];
  while (words.peek().text === 'vlan') {
    words.take();
    vlans.push(parseNumber(words.take(), 'a VLAN is a number from 0 to 4095', 4095));
  }
  const kind = parseProtocol(words.take());
  const sourceWord = words.take();
  const source = parseEndpoint(sourceWord, kind.protocol);
  const arrow = words.take();
  if (arrow.text !== '>') fail(arrow, `'>' belongs between the addresses of a flow`);
  const destinationWord = words.take();
  const destination = parseEndpoint(destinationWord, kind.protocol);
  if (source.address.length !== destination.address.length) {
    fail(destinationWord, 'both addresses of a flow are IPv4, or both are IPv6');
  }
  checkFamily(sourceWord, kind.protocol, source);
  const flow: Flow = { vlans, ...kind, source, destination };
  if (words.peek().text === '') return flow;
  const keyword = words.take();
  if (keyword.text !== 'len') fail(keyword, `only 'len N' can follow the addresses of a flow`);
  const length = parseNumber(words.take(), 'a length is a number of bytes up to 65535', 65_535);
  const excess = words.take();
  if (excess.text !== '') fail(excess, 'nothing can follow the length of a flow');
  return { ...flow, length };
}

/** The flow as text, in the form that `parseFlow` reads back to the same flow. */
export function printFlow(flow: Flow): string {
  const parts = flow.vlans.map((identifier) => `vlan ${identifier}`);
  parts.push(printProtocol(flow), printEndpoint(flow.source), '>', printEndpoint(flow.destination));
  if (flow.length !== undefined) parts.push(`len ${flow.length}`);
  return parts.join(' ');
}

interface Word {
  readonly text: string;
  readonly start: number;
}

/** Words one by one; at the end an empty one, as often as asked. */
function wordsOf(text: string): { peek(): Word; take(): Word } {
  // Flags may hold blanks: `tcp[syn, ack]`.
  const matches = [...text.matchAll(/[^\s[\]]*\[[^\]]*\]\S*|\S+/g)];
  const words: Word[] = matches.map((found) => ({ text: found[0], start: found.index }));
  const end: Word = { text: '', start: text.length };
  let position = 0;
  return { peek: () => words[position] ?? end, take: () => words[position++] ?? end };
}

function fail(word: Word, message: string): never {
  throw new FlowError(message, word.start, word.start + Math.max(word.text.length, 1));
}

function parseNumber(word: Word, message: string, greatest: number): number {
  const value = /^\d{1,5}$/.test(word.text) ? Number(word.text) : Infinity;
  return value <= greatest ? value : fail(word, message);
}

function parseProtocol(word: Word): { readonly protocol: number; readonly tcpFlags: number } {
  const flags = /^tcp\[([^\]]*)\]$/.exec(word.text);
  if (flags !== null) return { protocol: ipProtocol.tcp, tcpFlags: parseFlags(word, flags[1] as string) };
  const named = protocolsByName.get(word.text);
  if (named !== undefined) return { protocol: named, tcpFlags: named === ipProtocol.tcp ? syn : 0 };
  const message = 'a flow begins with tcp, udp, sctp, icmp, icmp6 or a protocol number from 0 to 255';
  return { protocol: parseNumber(word, message, 255), tcpFlags: 0 };
}

function parseFlags(word: Word, text: string): number {
  let flags = 0;
  for (const name of text.split(',').map((part) => part.trim())) {
    if (name === '') continue;
    const flag = tcpFlags.find((candidate) => candidate.word === name);
    flags |=
      flag === undefined ? fail(word, `TCP flags are ${tcpFlags.map((known) => known.word).join(', ')}`) : flag.bit;
  }
  return flags;
}

function parseEndpoint(word: Word, protocol: number): Endpoint {
  const hasPort = protocolsWithPorts.includes(protocol);
  const [, bracketed, rest] = /^\[([^\]]*)\](.*)$/.exec(word.text) ?? [];
  const colon = bracketed === undefined ? word.text.lastIndexOf(':') : -1;
  const isBare = bracketed === undefined && !hasPort;
  const addressText = bracketed ?? (isBare || colon < 0 ? word.text : word.text.slice(0, colon));
  const portText = bracketed === undefined ? (isBare || colon < 0 ? '' : word.text.slice(colon)) : (rest as string);
  const address = parseAddress(addressText);
  if (address === undefined || (bracketed === undefined && hasPort && address.length === 16)) {
    fail(word, hasPort ? 'an endpoint is 192.0.2.1:80 or [2001:db8::1]:80' : 'an address is 192.0.2.1 or 2001:db8::1');
  }
  if (!hasPort) return portText === '' ? { address } : fail(word, 'this protocol has no ports');
  const port = /^:\d{1,5}$/.test(portText) ? Number(portText.slice(1)) : Infinity;
  return port <= 65_535
    ? { address, port }
    : fail(word, 'a port from 0 to 65535 belongs behind the address: 192.0.2.1:80');
}

function checkFamily(word: Word, protocol: number, { address }: Endpoint): void {
  if (protocol === ipProtocol.icmp && address.length === 16) fail(word, 'icmp is of IPv4; over IPv6 it is icmp6');
  if (protocol === ipProtocol.icmp6 && address.length === 4) fail(word, 'icmp6 is of IPv6; over IPv4 it is icmp');
}

function printProtocol(flow: Flow): string {
  if (flow.protocol === ipProtocol.tcp && flow.tcpFlags !== syn) {
    return `tcp[${tcpFlags.flatMap(({ bit, word }) => ((flow.tcpFlags & bit) !== 0 ? [word] : [])).join(',')}]`;
  }
  return [...protocolsByName].find(([, number]) => number === flow.protocol)?.[0] ?? String(flow.protocol);
}

function printEndpoint({ address, port }: Endpoint): string {
  const text = formatAddress(address);
  if (port === undefined) return text;
  return address.length === 16 ? `[${text}]:${port}` : `${text}:${port}`;
}

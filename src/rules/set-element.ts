import { parseIpv4, parseIpv6, parseMac } from '../compiler/address.ts';
import type { Names } from '../compiler/names.ts';
import type { SetElement } from './policy-set.ts';

/** What a text as an element of a set is; where it is none, why. */
export type ElementText =
  | { readonly kind: 'element'; readonly element: SetElement }
  /** A network with bits behind its prefix; `network` is what it would be without. */
  | { readonly kind: 'host-bits'; readonly network: string }
  | { readonly kind: 'broken' };

const broken: ElementText = { kind: 'broken' };

/**
 * An element of a set: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/48`, `443`, `8080-8090`, `02:00:5e:10:00:01`, or
 * the name of a service. Numbers are decimal, addresses are written in full.
 */
export function parseElement(text: string, names: Names): ElementText {
  return parsePorts(text) ?? parseMacElement(text) ?? parseNetwork(text) ?? parseService(text, names) ?? broken;
}

/** An element as `parseElement` reads it. */
export function printElement(element: SetElement): string {
  switch (element.kind) {
    case 'network': {
      const isAddress = element.prefixLength === element.address.length * 8;
      return isAddress ? printAddress(element.address) : `${printAddress(element.address)}/${element.prefixLength}`;
    }
    case 'ports':
      return element.first === element.last ? String(element.first) : `${element.first}-${element.last}`;
    case 'mac':
      return Array.from(element.address, (byte) => byte.toString(16).padStart(2, '0')).join(':');
  }
}

function parsePorts(text: string): ElementText | undefined {
  const ends = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  if (ends === null) return undefined;
  const first = Number(ends[1]);
  const last = Number(ends[2] ?? ends[1]);
  return first <= last && last <= 0xffff ? { kind: 'element', element: { kind: 'ports', first, last } } : broken;
}

function parseMacElement(text: string): ElementText | undefined {
  const address = parseMac(text);
  return address === undefined ? undefined : { kind: 'element', element: { kind: 'mac', address } };
}

function parseNetwork(text: string): ElementText | undefined {
  const [, addressText = '', lengthText] = /^([0-9a-fA-F:.]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const address = addressText.includes(':') ? parseIpv6(addressText) : dottedQuad(addressText);
  if (address === undefined) return undefined;
  const prefixLength = lengthText === undefined ? address.length * 8 : Number(lengthText);
  if (prefixLength > address.length * 8) return broken;
  const network = address.map((byte, index) => byte & prefixByte(prefixLength, index));
  if (network.some((byte, index) => byte !== address[index])) {
    return { kind: 'host-bits', network: `${printAddress(network)}/${prefixLength}` };
  }
  return { kind: 'element', element: { kind: 'network', address, prefixLength } };
}

/** A service with one port over all its transports: a set does not say which it is for. */
function parseService(text: string, names: Names): ElementText | undefined {
  if (!/^[A-Za-z][-A-Za-z0-9]*$/.test(text)) return undefined;
  const ports = [...new Set(names.service(text).map(({ port }) => port))];
  const [port] = ports;
  if (port === undefined || ports.length > 1) return undefined;
  return { kind: 'element', element: { kind: 'ports', first: port, last: port } };
}

/** Four numbers without leading zeros, which some read as octal. */
function dottedQuad(text: string): Uint8Array | undefined {
  const parsed = parseIpv4(text);
  if (parsed?.bits !== 32 || /(^|\.)0[0-9]/.test(text)) return undefined;
  return Uint8Array.of(parsed.address >>> 24, parsed.address >>> 16, parsed.address >>> 8, parsed.address);
}

function prefixByte(prefixLength: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - 8 * index));
  return (0xff00 >> bits) & 0xff;
}

/** RFC 5952: the longest run of two or more zero groups as `::`. */
function printAddress(address: Uint8Array): string {
  if (address.length === 4) return address.join('.');
  const view = new DataView(address.buffer, address.byteOffset, 16);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(2 * index).toString(16)).join(':');
  const runs = groups.match(/\b0(:0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return groups;
  const start = groups.search(new RegExp(`(^|:)${longest}($|:)`));
  const at = groups[start] === ':' ? start + 1 : start;
  const head = groups.slice(0, at).replace(/:$/, '');
  const tail = groups.slice(at + longest.length).replace(/^:/, '');
  return `${head}::${tail}`;
}

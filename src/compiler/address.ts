/** The written forms of addresses and numbers, as libpcap reads them. Pure functions from text to values. */

export interface Ipv4Text {
  /** The octets that were written, left-justified: `10.1` is 0x0a010000. */
  readonly address: number;
  /** How many bits were written: 16, 24 or 32. */
  readonly bits: number;
}

/** @returns undefined unless the text is two to four decimal octets with dots between them */
export function parseIpv4(text: string): Ipv4Text | undefined {
  const octets = text.split('.');
  if (octets.length < 2 || octets.length > 4) return undefined;
  let address = 0;
  for (const octet of octets) {
    if (!/^[0-9]+$/.test(octet) || Number(octet) > 255) return undefined;
    address = address * 256 + Number(octet);
  }
  const bits = octets.length * 8;
  return { address: (address * 2 ** (32 - bits)) >>> 0, bits };
}

/**
 * An IPv6 address as RFC 4291 section 2.2 writes it, `::` and a trailing IPv4 address included.
 * @returns 16 bytes, or undefined
 */
export function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  const [head = [], tail] = groups;
  const words = [...head, ...(tail ?? [])];
  const last = words.at(-1);
  const trailing = last?.includes('.') === true ? parseIpv4(last) : undefined;
  if (last?.includes('.') === true) {
    if (trailing?.bits !== 32 || /(^|\.)0[0-9]/.test(last)) return undefined;
    // The IPv4 form may stand only at the very end, so not before `::`.
    if (tail !== undefined && tail.length === 0) return undefined;
  }
  const written = words.length * 2 + (trailing === undefined ? 0 : 2);
  if (tail === undefined ? written !== 16 : written > 14) return undefined;

  const bytes = new Uint8Array(16);
  const fill = (from: number, group: readonly string[]): boolean => {
    let at = from;
    for (const word of group) {
      if (word === last && trailing !== undefined && word.includes('.')) {
        new DataView(bytes.buffer).setUint32(at, trailing.address);
        at += 4;
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(word)) return false;
        new DataView(bytes.buffer).setUint16(at, Number.parseInt(word, 16));
        at += 2;
      }
    }
    return true;
  };
  const tailLength = tail === undefined ? 0 : tail.length * 2 + (trailing === undefined ? 0 : 2);
  return fill(0, head) && fill(16 - tailLength, tail ?? []) ? bytes : undefined;
}

/**
 * A MAC address: `a:b:c:d:e:f`, the same with `-` or `.`, `xxxx.xxxx.xxxx`, or 12 hexadecimal digits.
 * @returns 6 bytes, or undefined
 */
export function parseMac(text: string): Uint8Array | undefined {
  if (/^[0-9a-fA-F]{4}(\.[0-9a-fA-F]{4}){2}$/.test(text)) return bytesOfHex(text.replaceAll('.', ''));
  if (/^[0-9a-fA-F]{12}$/.test(text)) return bytesOfHex(text);
  for (const separator of [':', '-', '.']) {
    const parts = text.split(separator);
    if (parts.length === 6 && parts.every((part) => /^[0-9a-fA-F]{1,2}$/.test(part))) {
      return Uint8Array.from(parts, (part) => Number.parseInt(part, 16));
    }
  }
  return undefined;
}

function bytesOfHex(digits: string): Uint8Array {
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}

export type NumberText =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'overflow' }
  /** Digits 8 or 9 behind a leading 0. */
  | { readonly kind: 'not-octal' }
  | { readonly kind: 'not-a-number' };

/** A number as C writes it: decimal, `0x` hexadecimal, or octal behind a leading 0; below 2^32. */
export function parseNumber(text: string): NumberText {
  const hexadecimal = /^0[xX]([0-9a-fA-F]+)$/.exec(text)?.[1];
  if (hexadecimal !== undefined) return bounded(Number.parseInt(hexadecimal, 16));
  if (!/^[0-9]+$/.test(text)) return { kind: 'not-a-number' };
  if (!text.startsWith('0')) return bounded(Number(text));
  if (/[89]/.test(text)) return { kind: 'not-octal' };
  return bounded(Number.parseInt(text, 8));
}

function bounded(value: number): NumberText {
  return value < 2 ** 32 ? { kind: 'value', value } : { kind: 'overflow' };
}

/**
 * A DECnet address, area and node: `10.123`.
 * @returns 16 bits as they stand on the wire (least significant byte first), or undefined
 */
export function parseDecnet(text: string): number | undefined {
  const match = /^([0-9]+)\.([0-9]+)$/.exec(text);
  if (match === null) return undefined;
  const area = Number(match[1]);
  const node = Number(match[2]);
  if (area > 63 || node > 1023) return undefined;
  const address = (area << 10) | node;
  return ((address & 0xff) << 8) | (address >> 8);
}

/** The four 32-bit words of an IPv6 address. */
export function ipv6Words(bytes: Uint8Array): readonly [number, number, number, number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

/** The four 32-bit words of a prefix mask. @param length 0 … 128 */
export function ipv6Mask(length: number): readonly [number, number, number, number] {
  const word = (index: number): number => ipv4Mask(Math.min(32, Math.max(0, length - 32 * index)));
  return [word(0), word(1), word(2), word(3)];
}

/** A prefix mask. @param length 0 … 32 */
export function ipv4Mask(length: number): number {
  return length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
}

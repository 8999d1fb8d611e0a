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
  const written = withoutDottedTail(text);
  const halves = written?.split('::') ?? [];
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const groups = [...head, ...(tail ?? [])];
  const isComplete = tail === undefined ? groups.length === 8 : groups.length <= 7;
  if (halves.length > 2 || !isComplete || !groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return undefined;

  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  head.forEach((group, i) => {
    view.setUint16(2 * i, Number.parseInt(group, 16));
  });
  tail?.forEach((group, i) => {
    view.setUint16(16 - 2 * (tail.length - i), Number.parseInt(group, 16));
  });
  return bytes;
}

/** `::ffff:10.0.0.1` as `::ffff:a00:1`; undefined where what stands at the end with dots is no IPv4 address. */
function withoutDottedTail(text: string): string | undefined {
  const tail = text.slice(text.lastIndexOf(':') + 1);
  if (!tail.includes('.')) return text;
  const ipv4 = parseIpv4(tail);
  if (ipv4?.bits !== 32 || /(^|\.)0[0-9]/.test(tail)) return undefined;
  const groups = [ipv4.address >>> 16, ipv4.address & 0xffff].map((group) => group.toString(16));
  return `${text.slice(0, -tail.length)}${groups.join(':')}`;
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

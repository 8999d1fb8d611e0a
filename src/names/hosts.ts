import { parseIpv4, parseIpv6 } from '../compiler/address.ts';
import { fieldsOf } from './fields.ts';

/**
 * hosts(5): an address, a name, aliases. Names are compared without regard to case.
 * @returns the addresses of each name in lower case, 4 or 16 bytes, in the order of the file; lines without a valid
 * address are skipped, as getaddrinfo(3) skips them
 */
export function parseHosts(text: string): ReadonlyMap<string, readonly Uint8Array[]> {
  const hosts = new Map<string, Uint8Array[]>();
  for (const [written = '', ...names] of fieldsOf(text)) {
    const address = addressBytes(written);
    if (address === undefined) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      const known = hosts.get(name) ?? [];
      if (!known.some((other) => sameBytes(other, address))) hosts.set(name, [...known, address]);
    }
  }
  return hosts;
}

function addressBytes(text: string): Uint8Array | undefined {
  const ipv4 = parseIpv4(text);
  if (ipv4 === undefined) return parseIpv6(text);
  if (ipv4.bits !== 32) return undefined;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, ipv4.address);
  return bytes;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

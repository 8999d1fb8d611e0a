import { fieldsOf } from './fields.ts';

/**
 * networks(5): a name, a network number, aliases. Names are compared without regard to case.
 * @returns the number of each name in lower case as getnetbyname(3) gives it: the C library fills missing bytes with zeros on the
 * right (`10` is 10.0.0.0), so it has always four bytes
 */
export function parseNetworks(text: string): ReadonlyMap<string, number> {
  const networks = new Map<string, number>();
  for (const [name = '', written = '', ...aliases] of fieldsOf(text)) {
    const number = networkNumber(written);
    if (number === undefined) continue;
    for (const each of [name, ...aliases].map((alias) => alias.toLowerCase()))
      if (!networks.has(each)) networks.set(each, number);
  }
  return networks;
}

function networkNumber(text: string): number | undefined {
  const octets = text.split('.');
  if (octets.length > 4 || octets.some((octet) => !/^[0-9]{1,3}$/.test(octet) || Number(octet) > 255)) return undefined;
  return [...octets, 0, 0, 0].slice(0, 4).reduce<number>((sum, octet) => sum * 256 + Number(octet), 0);
}

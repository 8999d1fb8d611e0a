import { ethernetNames, hostNames, networkNames } from './fixed-names.ts';

/**
 * Where the released libpcap (1.10.3) means something else than its development version, or does not know a word, it is
 * asked for the same thing in other words. Names it gets as what they stand for.
 */
interface Rewording {
  readonly pattern: RegExp;
  readonly wording: string | ((...groups: (string | undefined)[]) => string);
}

const router = { mac: ethernetNames.get('router') as string, address: hostNames.get('router')?.[0] as string };

/** Packets that carry IPv4 addresses, of which none is the router's. */
function passedOn(protocol: string | undefined): string {
  const carriers = protocol === undefined ? ['ip', 'arp', 'rarp'] : [protocol];
  return carriers.map((carrier) => `(${carrier} and not ${carrier} host ${router.address})`).join(' or ');
}

const rewordings: readonly Rewording[] = [
  // The released version asks whether the first byte is at least 224.
  { pattern: /\bip multicast\b/g, wording: '(ip[16] & 0xf0 = 0xe0)' },
  // Its `&` and `|` compare what they should mask.
  { pattern: /\bbyte (\d+) ([&|]) (\d+)/g, wording: '(ether[$1] $2 $3 != 0)' },
  // Debian builds it without.
  {
    pattern: /\b(?:(ip|arp|rarp) )?gateway router\b/g,
    wording: (_, protocol) => `(ether host ${router.mac} and (${passedOn(protocol)}))`,
  },
  {
    pattern: /\b((?:ether|link) (?:(?:src|dst|or|and) )*(?:host )?)(router|printer)\b/g,
    wording: (_, qualifiers = '', name = '') => `${qualifiers}${ethernetNames.get(name) ?? name}`,
  },
  ...[...hostNames].map(([name, addresses]) => ({
    pattern: new RegExp(`\\b${name}\\b`, 'g'),
    wording: addresses.length === 1 ? (addresses[0] as string) : `(${addresses.join(' or ')})`,
  })),
  ...[...networkNames].map(([name, network]) => ({
    pattern: new RegExp(`\\b${name}\\b`, 'g'),
    wording: network,
  })),
];

export function releasedWording(filter: string): string {
  return rewordings.reduce((text, { pattern, wording }) => {
    return typeof wording === 'string' ? text.replace(pattern, wording) : text.replace(pattern, wording);
  }, filter);
}

import { parseAddress, parseMac } from '../../src/packet/address.ts';
import { releasedWording } from './released-wording.ts';

/** What a filter mentions, for packets to carry. */
export interface FilterConstants {
  /** The filter itself, in the words that libpcap gets. */
  readonly text: string;
  /** 4 bytes each. */
  readonly ipv4: readonly Uint8Array[];
  /** 16 bytes each. */
  readonly ipv6: readonly Uint8Array[];
  readonly macs: readonly Uint8Array[];
  readonly numbers: readonly number[];
  /** Bytes that are asked for at a constant offset. */
  readonly accessed: readonly AccessedBytes[];
}

export interface AccessedBytes {
  readonly header: 'link' | 'network' | 'transport';
  readonly offset: number;
}

/** Whatever looks like an address or a number in the text. */
export function constantsOf(filter: string): FilterConstants {
  const text = releasedWording(filter);
  const words = text.split(/[\s()[\]/=<>&|^*%+!]+/).filter((word) => word !== '');
  const addresses = words.map((word) => parseAddress(word)).filter((address) => address !== undefined);
  return {
    text,
    ipv4: [...addresses.filter(({ length }) => length === 4), ...shortAddresses(words)],
    ipv6: addresses.filter(({ length }) => length === 16),
    macs: words.map((word) => parseMac(word)).filter((mac) => mac !== undefined),
    accessed: [...text.matchAll(/\b([a-z]+6?)\[(\d+)[:\]]/g)].map(([, protocol = '', offset]) => ({
      header: headerOf(protocol),
      offset: Number(offset),
    })),
    numbers: (text.match(/\b(0x[0-9a-f]+|\d+)\b/g) ?? []).map(Number).filter((number) => number <= 0xffffffff),
  };
}

/** Hosts in networks written short, `10.1`, and addresses written as numbers. */
function shortAddresses(words: readonly string[]): readonly Uint8Array[] {
  const short = words.filter((word) => /^\d{1,3}(\.\d{1,3}){1,2}$/.test(word));
  const numbers = words.map(Number).filter((number) => number > 0xffffff && number <= 0xffffffff);
  return [
    ...short.map((word) => Uint8Array.from([...word.split('.').map(Number), 7, 7].slice(0, 4))),
    ...numbers.map((number) => Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number)),
  ];
}

function headerOf(protocol: string): AccessedBytes['header'] {
  if (protocol === 'ether' || protocol === 'link') return 'link';
  return /^(ip|ip6|arp|rarp|decnet|atalk|lat)$/.test(protocol) ? 'network' : 'transport';
}

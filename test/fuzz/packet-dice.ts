import { parseAddress, parseMac } from '../../src/packet/address.ts';
import type { AccessedBytes, FilterConstants } from './constants-of-filter.ts';
import type { Dice } from './dice.ts';

/** Random fields of packets: what the filter mentions, or what filters often mention. */
export interface PacketDice extends Dice {
  ipv4(): Uint8Array;
  ipv6(): Uint8Array;
  mac(): Uint8Array;
  port(): number;
  /** Of IP. */
  protocol(): number;
  /** Of so many bits; often one of the filter's. */
  number(bits: number): number;
  /** Whether the filter has such a word. */
  mentions(word: RegExp): boolean;
  /** A place that the filter asks about, or undefined. */
  accessed(): AccessedBytes | undefined;
  /** So many bytes. */
  bytes(length: number): Uint8Array;
}

const addresses = (texts: string): readonly Uint8Array[] => {
  return texts.split(' ').map((text) => parseAddress(text) as Uint8Array);
};
const usualIpv4 = addresses('10.0.0.1 10.0.0.2 192.168.1.5 224.0.0.22 255.255.255.255 0.0.0.0 10.0.1.255 10.0.0.254');
const usualIpv6 = addresses('2001:db8::1 2001:db8::2 2001:db8::5 fe80::1 :: ff02::fb');
const usualMacs = '00:11:22:33:44:55 66:77:88:99:aa:bb ff:ff:ff:ff:ff:ff 01:00:5e:00:00:16 02:00:00:00:00:fe'
  .split(' ')
  .map((text) => parseMac(text) as Uint8Array);
const usualPorts = [80, 443, 53, 123, 0, 65535, 5000, 22, 6081, 4789];
const boundaries = [0, 1, 2, 31, 32, 33, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0xffffffff];
const usualProtocols = [1, 2, 6, 17, 41, 47, 50, 51, 58, 103, 112, 132];

export function createPacketDice(dice: Dice, constants: FilterConstants): PacketDice {
  /** Of the filter's values most of the time, if it has any. */
  const prefer = <Item>(special: readonly Item[], usual: readonly Item[]): Item => {
    return special.length > 0 && dice.chance(0.7) ? dice.one(special) : dice.one(usual);
  };
  const mentioned = new Map<RegExp, boolean>();
  const smallByBits = new Map<number, readonly number[]>();
  const near = (value: number): number => value + (dice.chance(0.15) ? dice.one([-1, 1]) : 0);
  const small = (largest: number): readonly number[] => constants.numbers.filter((number) => number <= largest);
  const bySize = { byte: small(0xff), word: small(0xffff) };
  const nearAddress = (address: Uint8Array): Uint8Array => {
    if (!dice.chance(0.15)) return address;
    const changed = Uint8Array.from(address);
    changed[dice.below(changed.length)] = dice.below(256);
    return changed;
  };
  return {
    ...dice,
    ipv4: () => nearAddress(prefer(constants.ipv4, usualIpv4)),
    ipv6: () => nearAddress(prefer(constants.ipv6, usualIpv6)),
    mac: () => nearAddress(prefer(constants.macs, usualMacs)),
    port: () => near(prefer(bySize.word, usualPorts)) & 0xffff,
    protocol: () => prefer(bySize.byte, usualProtocols),
    number(bits) {
      const largest = 2 ** bits - 1;
      const known = smallByBits.get(bits) ?? small(largest);
      smallByBits.set(bits, known);
      if (known.length > 0 && dice.chance(0.6)) return Math.min(Math.max(near(dice.one(known)), 0), largest);
      return dice.chance(0.3) ? dice.one(boundaries) % (largest + 1) : dice.below(largest + 1);
    },
    accessed: () => (constants.accessed.length === 0 ? undefined : dice.one(constants.accessed)),
    mentions(word) {
      const known = mentioned.get(word) ?? word.test(constants.text);
      mentioned.set(word, known);
      return known;
    },
    bytes: (length) => Uint8Array.from({ length }, () => dice.below(256)),
  };
}

import type { Dice } from './dice.ts';
import { ethernetNames, hostNames, networkNames, protocolNames, serviceNames } from './fixed-names.ts';

/** Values as a filter writes them. Few different ones, so that packets which carry them are met. */

const boundaries = [0, 1, 2, 4, 6, 17, 20, 53, 63, 80, 255, 256, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000];

export function randomNumber(dice: Dice): number {
  switch (dice.below(8)) {
    case 0:
      return dice.one([0xffffffff, 0xfffffffe, 0xfffff000, 0xfffff004, 0x80000001]);
    case 1:
      return dice.below(65536);
    case 2:
      return 2 ** dice.below(32);
    case 3:
    case 4:
      return dice.below(100);
    default:
      return dice.one(boundaries);
  }
}

/** Decimal, hexadecimal or octal. */
export function written(dice: Dice, value: number): string {
  const base = dice.below(8);
  if (base === 0 && value < 0o777777) return `0${value.toString(8)}`;
  return base < 4 ? `0x${value.toString(16)}` : String(value);
}

export function ipv4Text(dice: Dice): string {
  const addresses = ['10.0.0.1', '10.0.0.2', '192.168.1.5', '224.0.0.22', '255.255.255.255', '0.0.0.0', '10.0.1.77'];
  return dice.one(addresses);
}

export function ipv6Text(dice: Dice): string {
  return dice.one(['2001:db8::1', '2001:db8::2', 'fe80::1', '::', 'ff02::fb', '::ffff:10.0.0.1', '2001:db8:0:1::77']);
}

export function macText(dice: Dice): string {
  return dice.one([
    '00:11:22:33:44:55',
    '66:77:88:99:aa:bb',
    'ff:ff:ff:ff:ff:ff',
    '66-77-88-99-aa-bb',
    '0011.2233.4455',
    '001122334455',
    '1:0:5e:0:0:16',
    ...ethernetNames.keys(),
  ]);
}

/** What may stand in a list. @param family of its addresses */
export function hostText(dice: Dice, family: 'ip' | 'ip6' | 'any'): string {
  const named = [...hostNames].filter(([, addresses]) => {
    const [only] = addresses;
    return addresses.length === 1 && (family === 'any' || only?.includes(':') === (family === 'ip6'));
  });
  if (dice.chance(0.1)) return dice.one(named)[0];
  if (family === 'ip6') return ipv6Text(dice);
  if (family === 'any' && dice.chance(0.4)) return ipv6Text(dice);
  const short = ['10.1', '10.0.0', '192.168', '167772161', '0x0a000001', '01200000001'];
  return dice.chance(0.2) ? dice.one(short) : ipv4Text(dice);
}

export function networkText(dice: Dice): string {
  switch (dice.below(8)) {
    case 0:
      return dice.one([...networkNames.keys()]);
    case 1:
      return dice.one([
        '10',
        '192.168',
        '10.0.0',
        '300',
        '0',
        '4294967295',
        '65536',
        '10.0.0.1',
        '16777216',
        '0x0a0001',
        '33554431',
      ]);
    case 2:
      return dice.one(['192.168.0.0 mask 255.255.0.0', '10.0.0.0 mask 255.0.255.0', '0.0.0.1 mask 0.0.0.255']);
    case 3:
    case 4:
      return ipv6Network(dice);
    default:
      return ipv4Network(dice);
  }
}

function ipv4Network(dice: Dice): string {
  const length = dice.one([0, 1, 8, 9, 15, 16, 23, 24, 25, 31, 32, dice.below(33)]);
  const host = dice.one([0x0a000001, 0xc0a80105, 0xe0000016, 0xffffffff]);
  const address = host & (length === 0 ? 0 : -1 << (32 - length));
  return `${[24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')}/${length}`;
}

function ipv6Network(dice: Dice): string {
  return dice.one([
    '2001:db8::/32',
    '2001:db8::/31',
    '::/0',
    'fe80::/10',
    '2001:db8::/33',
    '2001:db8::/64',
    '2001:db8::/96',
    '2001:db8::/97',
    '2001:db8::1/128',
    '8000::/1',
    'ff00::/8',
  ]);
}

export function portText(dice: Dice): string {
  if (dice.chance(0.15)) return dice.one(serviceNames);
  return dice.chance(0.3) ? String(dice.below(65536)) : dice.one(['80', '443', '53', '123', '0', '65535', '5000']);
}

export function portRangeText(dice: Dice): string {
  if (dice.chance(0.1)) return dice.one(['ssh-http', '80', 'domain', 'http-443', '0-65535', '80-80']);
  const number = (): string => dice.one(['0', '53', '79', '80', '81', '443', '65535', String(dice.below(65536))]);
  return `${number()}-${number()}`;
}

export function protocolText(dice: Dice): string {
  if (dice.chance(0.3)) return `\\${dice.one(protocolNames)}`;
  return written(dice, dice.one([1, 2, 6, 17, 41, 44, 47, 50, 51, 58, 59, 0, 255, dice.below(256)]));
}

import type { Dice } from './dice.ts';
import { randomNumber, written } from './random-values.ts';

/** Arithmetic as users could type it, and worse: no parentheses where precedence is odd, indexes that wrap. */

const accessed = [
  { weight: 6, protocol: 'ether' },
  { weight: 8, protocol: 'ip' },
  { weight: 4, protocol: 'ip6' },
  { weight: 6, protocol: 'tcp' },
  { weight: 4, protocol: 'udp' },
  { weight: 3, protocol: 'icmp' },
  { weight: 2, protocol: 'icmp6' },
  { weight: 2, protocol: 'arp' },
  { weight: 1, protocol: 'rarp' },
  { weight: 1, protocol: 'sctp' },
  { weight: 1, protocol: 'igmp' },
  { weight: 1, protocol: 'pim' },
  { weight: 1, protocol: 'vrrp' },
  { weight: 1, protocol: 'carp' },
  { weight: 1, protocol: 'igrp' },
  { weight: 1, protocol: 'link' },
  { weight: 0.3, protocol: 'decnet' },
  { weight: 0.3, protocol: 'atalk' },
  { weight: 0.3, protocol: 'lat' },
  { weight: 0.1, protocol: 'radio' },
  { weight: 0.1, protocol: 'ah' },
] as const;

const namedNumbers = 'tcpflags tcp-syn tcp-ack tcp-fin tcp-rst icmptype icmp-echo icmp6type icmp6-echo'.split(' ');

const common = [
  'tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn',
  'tcp[13] & 7 != 0',
  'ip[6:2] & 0x1fff = 0',
  'ip[0] & 0xf != 5',
  'ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0',
  'tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420',
  'icmp[icmptype] = icmp-echo or icmp[icmptype] = icmp-echoreply',
  'udp[4:2] > 8',
  'ip[12:4] = ip[16:4]',
  'ether[12:2] <= 1500',
  'ip6[6] = 44',
  'ether[12:4] & 0xffff0fff = 0x81000064',
  'ether[13:2] & 0xff0f = 0',
  'ether[10:4] & 0xffff = 0x8100',
  'ether[14:2] & 0xfff = 100',
  'ether[ip[0] & 0xf + 5] & 1 = 0',
  '1 << ip[8] = 0',
  '0xffffffff >> ip[9] = 0',
  'ip[2:2] + 14 = len',
  'len - 18 = ip[2:2]',
  'ether[len - 1] & 1 = 1',
];

export function relation(dice: Dice): string {
  if (dice.chance(0.15)) return dice.one(common);
  const operator = dice.one(['=', '==', '!=', '<', '<=', '>', '>=']);
  const left = arithmetic(dice, dice.one([1, 1, 2, 2, 3, 4]));
  // Few bits of a result tell one computation from another more often than a comparison of the whole does.
  if (dice.chance(0.3))
    return `(${left}) ${dice.one(['& 3', '& 7', '& 0x10', '% 2', '% 3', '>> 4 & 1'])} = ${dice.below(2)}`;
  return `${left} ${operator} ${arithmetic(dice, dice.one([0, 0, 0, 1, 2]))}`;
}

function arithmetic(dice: Dice, depth: number): string {
  if (depth === 0) return operand(dice, 0);
  switch (dice.below(5)) {
    case 0:
    case 1:
      return operation(dice, depth);
    case 2:
      return `(${arithmetic(dice, depth - 1)})`;
    case 3:
      return dice.maybe('-', 0.15) + operand(dice, depth);
    default:
      return accessor(dice, depth);
  }
}

function operation(dice: Dice, depth: number): string {
  const operator = dice.one(['+', '-', '*', '&', '&', '|', '^', '%', '/', '<<', '>>']);
  return `${arithmetic(dice, depth - 1)} ${operator} ${secondOperand(dice, operator, depth - 1)}`;
}

/** A literal 0 behind a division and a literal above 31 behind a shift are errors; a few of them do no harm. */
function secondOperand(dice: Dice, operator: string, depth: number): string {
  const isDivision = operator === '/' || operator === '%';
  const isShift = operator === '<<' || operator === '>>';
  if ((!isDivision && !isShift) || dice.chance(0.03)) return arithmetic(dice, depth);
  if (dice.chance(0.4)) return accessor(dice, depth);
  return written(dice, isShift ? dice.below(32) : 1 + dice.below(300));
}

function operand(dice: Dice, depth: number): string {
  switch (dice.below(8)) {
    case 0:
      return dice.one(['len', 'length']);
    case 1:
      return dice.one(namedNumbers);
    case 2:
    case 3:
      return accessor(dice, depth);
    default:
      return written(dice, randomNumber(dice));
  }
}

function accessor(dice: Dice, depth: number): string {
  const { protocol } = dice.weighted(accessed);
  const size = dice.chance(0.01) ? ':3' : dice.one(['', '', ':1', ':2', ':2', ':4']);
  return `${protocol}[${index(dice, depth)}${size}]`;
}

function index(dice: Dice, depth: number): string {
  if (dice.chance(0.7))
    return String(dice.one([0, 0, 1, 2, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 40, 100, 1500, 65535]));
  if (dice.chance(0.15)) return dice.one(['-1', '-2', '-4', '-14', '-20', '0xfffff000', '0xfffff004', '0xffffffff']);
  return arithmetic(dice, Math.max(depth - 1, 0));
}

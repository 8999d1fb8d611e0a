import type { LinkType } from '../../src/ir/link-type.ts';
import type { Dice } from './dice.ts';
import { relation } from './random-arithmetic.ts';
import {
  hostText,
  ipv4Text,
  macText,
  networkText,
  portRangeText,
  portText,
  protocolText,
  randomNumber,
  written,
} from './random-values.ts';

/** A primitive, or a family of them. */
interface Primitive {
  /** How often, beside the others. */
  readonly weight: number;
  /** Link types on which it is a condition at all; elsewhere it comes rarely, to be refused. */
  readonly on?: readonly LinkType[];
  write(dice: Dice): string;
}

const tellsDirection: readonly LinkType[] = ['LINUX_SLL', 'LINUX_SLL2'];

const directions = ['', '', '', 'src ', 'dst ', 'src or dst ', 'src and dst ', 'dst or src '];
const llcKinds = 'i s u rr rnr rej ui ua disc dm sabme test xid frmr'.split(' ');
const linkProtocols = 'ip ip6 arp rarp atalk aarp decnet iso stp ipx netbeui lat moprc mopdl sca loopback'.split(' ');
const ipProtocols = 'tcp udp sctp icmp icmp6 igmp igrp pim vrrp carp ah esp'.split(' ');
const isoProtocols = 'clnp esis es-is isis is-is l1 l2 iih lsp snp csnp psnp'.split(' ');

/** Table 1a of the language, and what of 1b is no error. */
const primitives: readonly Primitive[] = [
  { weight: 10, write: host },
  // In parentheses: libpcap gets a list of addresses in its place, which lists cannot begin with.
  { weight: 0.5, write: (dice) => `(${dice.one(directions)}host dual)` },
  { weight: 8, write: (dice) => `${dice.one(directions)}net ${values(dice, networkText)}` },
  { weight: 2, write: (dice) => `${dice.one(['ip ', 'arp ', 'rarp '])}${dice.one(directions)}net 10.0.0.0/8` },
  { weight: 10, write: (dice) => `${transport(dice)}${dice.one(directions)}port ${values(dice, portText)}` },
  { weight: 5, write: (dice) => `${transport(dice)}${dice.one(directions)}portrange ${values(dice, portRangeText)}` },
  { weight: 8, write: (dice) => dice.one(ipProtocols) },
  { weight: 6, write: (dice) => dice.one(['ip', 'ip6', 'arp', 'rarp']) },
  { weight: 4, write: (dice) => `${dice.one(['', 'ip ', 'ip6 '])}proto ${values(dice, protocolText)}` },
  { weight: 1.5, write: (dice) => `${dice.one(['', 'ip ', 'ip6 '])}protochain ${protocolText(dice)}` },
  { weight: 16, write: relation },
  { weight: 3, write: (dice) => `${dice.one(['less', 'greater'])} ${lengthText(dice)}` },
  { weight: 2, write: byte },
  { weight: 4, write: (dice) => `${ether(dice)}${dice.one(directions)}${dice.maybe('host ')}${macText(dice)}` },
  { weight: 3, write: (dice) => `${ether(dice)}proto ${values(dice, etherTypeText)}` },
  { weight: 3, write: (dice) => dice.one(['broadcast', 'multicast', 'ether broadcast', 'ether multicast']) },
  { weight: 2, write: (dice) => dice.one(['ip multicast', 'ip6 multicast', 'ip broadcast']) },
  { weight: 1, write: (dice) => `${dice.one(['', 'ip ', 'arp '])}gateway router` },
  { weight: 2, write: (dice) => dice.one(['stp', 'ipx', 'iso', 'netbeui', 'atalk', 'aarp', 'decnet', 'lat', 'sca']) },
  { weight: 2, write: (dice) => dice.one(isoProtocols) },
  { weight: 0.5, write: (dice) => `iso proto ${dice.one(['\\clnp', '\\esis', '0x81', '131', '7'])}` },
  { weight: 0.5, write: (dice) => `isis proto ${dice.one(['15', '0x12', '20', '300'])}` },
  { weight: 0.5, write: (dice) => `(decnet ${dice.one(directions)}host ${dice.one(['10.123', '3.1', '1.1023'])})` },
  { weight: 2, write: (dice) => `llc${dice.maybe(` ${dice.one(llcKinds)}`)}` },
  { weight: 3, on: ['EN10MB'], write: (dice) => `vlan${dice.maybe(` ${vlanText(dice)}`)}` },
  { weight: 0.7, on: ['EN10MB', 'PPP'], write: (dice) => `mpls${dice.maybe(` ${mplsText(dice)}`)}` },
  { weight: 0.5, on: ['EN10MB'], write: (dice) => dice.one(['pppoed', 'pppoes', 'pppoes 0x27', 'pppoes 39']) },
  { weight: 0.7, write: (dice) => tunnel(dice, 'geneve') },
  { weight: 0.4, write: (dice) => tunnel(dice, 'vxlan') },
  { weight: 2, on: tellsDirection, write: (dice) => dice.one(['inbound', 'outbound']) },
  { weight: 2, on: ['LINUX_SLL2'], write: (dice) => `ifindex ${dice.below(5)}` },
  { weight: 0.1, write: (dice) => dice.one(['type mgt', 'on eth0', 'vpi 1', 'radio[2] = 8', 'fisu', 'tcp or 443']) },
];

/**
 * A random filter: mostly one that libpcap accepts. Behind labels and sessions few words have a meaning, so there the
 * choice is smaller.
 */
export function randomFilter(dice: Dice, linkType: LinkType): string {
  const known = primitives.map((primitive) => ({
    ...primitive,
    weight: primitive.on === undefined || primitive.on.includes(linkType) ? primitive.weight : primitive.weight / 50,
  }));
  const everywhere: Grammar = (dice) => dice.weighted(known).write(dice);
  switch (dice.below(24)) {
    case 0:
    case 1:
    case 2:
      return `${encapsulation(dice, linkType)} ${dice.one(['and', 'and', 'or'])} (${clauses(dice, everywhere, 1)})`;
    case 3:
      return `${encapsulation(dice, linkType)} and ${everywhere(dice)}`;
    case 4:
      return `${labels(dice, linkType)} and ${clauses(dice, behindLabels, 1)}`;
    case 5:
      return longList(dice);
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
      return dice.maybe('not ', 0.3) + everywhere(dice);
    case 11:
      return scope(dice, everywhere);
    default:
      return clauses(dice, everywhere, dice.one([0, 0, 1, 1, 2, 3]));
  }
}

/** The language's own extensions, alone, within each other, or beside something else. */
function scope(dice: Dice, primitive: Grammar): string {
  const name = (): string => dice.one(['anyvlan', 'ext', 'inner']);
  const inside = clauses(dice, primitive, dice.below(2));
  switch (dice.below(4)) {
    case 0:
      return `${name()} (${name()} (${inside}))`;
    case 1:
      return `${primitive(dice)} ${dice.one(['and', 'or', 'and not', 'or not'])} ${name()} (${inside})`;
    case 2:
      return `${name()} (${inside}) ${dice.one(['and', 'or', 'and not', 'or not'])} ${primitive(dice)}`;
    default:
      return `${name()} (${inside})`;
  }
}

type Grammar = (dice: Dice) => string;

function clauses(dice: Dice, primitive: Grammar, depth: number): string {
  let text = clause(dice, primitive, depth);
  for (let more = dice.one([0, 0, 1, 1, 2, 3]); more > 0; more--) {
    text += ` ${dice.one(['and', 'and', 'or', 'or', '&&', '||'])} ${clause(dice, primitive, depth)}`;
  }
  return text;
}

function clause(dice: Dice, primitive: Grammar, depth: number): string {
  const negation = dice.chance(0.2) ? dice.one(['not ', '! ', 'not not ']) : '';
  const isNested = depth > 0 && dice.chance(0.4);
  return negation + (isNested ? `(${clauses(dice, primitive, depth - 1)})` : primitive(dice));
}

/** A value, or several that share the qualifiers. */
function values(dice: Dice, value: Grammar): string {
  if (dice.chance(0.7)) return value(dice);
  let text = value(dice);
  for (let more = 1 + dice.below(3); more > 0; more--) {
    text += ` ${dice.one(['or', 'or', 'and', 'or not', 'and not'])} ${value(dice)}`;
  }
  return dice.chance(0.7) ? `(${text})` : text;
}

function host(dice: Dice): string {
  const protocol = dice.one(['', '', 'ip ', 'arp ', 'rarp ', 'ip6 ']);
  const family = protocol === '' ? 'any' : protocol === 'ip6 ' ? 'ip6' : 'ip';
  const direction = dice.one(directions);
  const type = direction === '' ? 'host ' : dice.maybe('host ');
  return `${protocol}${direction}${type}${values(dice, (dice) => hostText(dice, family))}`;
}

function transport(dice: Dice): string {
  return dice.one(['', '', 'tcp ', 'udp ', 'sctp ']);
}

function ether(dice: Dice): string {
  return dice.one(['ether ', 'ether ', 'ether ', 'link ']);
}

function etherTypeText(dice: Dice): string {
  if (dice.chance(0.4)) return `\\${dice.one(linkProtocols)}`;
  return written(
    dice,
    dice.one([0x800, 0x86dd, 0x806, 0x8100, 0x88a8, 0x88cc, 0x42, 6, 0xfe, 0xe0, 0xf0, 1501, 65535]),
  );
}

function lengthText(dice: Dice): string {
  return written(dice, dice.chance(0.7) ? dice.one([0, 14, 34, 54, 60, 64, 74, 100]) : randomNumber(dice));
}

function byte(dice: Dice): string {
  return `byte ${dice.below(60)} ${dice.one(['=', '<', '>', '&', '|'])} ${dice.one([0, 1, 6, 0x45, 0x80, 255])}`;
}

function vlanText(dice: Dice): string {
  return written(dice, dice.one([0, 10, 20, 100, 4095]));
}

function mplsText(dice: Dice): string {
  return written(dice, dice.one([0, 100, 1024, 0xfffff]));
}

function tunnel(dice: Dice, kind: 'geneve' | 'vxlan'): string {
  return `${kind}${dice.maybe(` ${written(dice, dice.one([0, 7, 11, 0xffffff]))}`)}`;
}

function encapsulation(dice: Dice, linkType: LinkType): string {
  const tunnels = [tunnel(dice, 'geneve'), tunnel(dice, 'geneve'), tunnel(dice, 'vxlan')];
  if (linkType !== 'EN10MB') return dice.one(tunnels);
  const tags = ['vlan', `vlan ${vlanText(dice)}`, 'vlan and vlan', `vlan and ${tunnel(dice, 'geneve')}`];
  return dice.one([...tunnels, ...tags]);
}

function labels(dice: Dice, linkType: LinkType): string {
  const label = (): string => `mpls${dice.maybe(` ${mplsText(dice)}`)}`;
  const session = (): string => `pppoes${dice.maybe(' 0x27')}`;
  if (linkType === 'PPP') return label();
  return dice.one([label, session, () => `${label()} and ${label()}`, () => `vlan and ${label()}`])();
}

function behindLabels(dice: Dice): string {
  switch (dice.below(6)) {
    case 0:
      return dice.one(['ip', 'ip6', 'tcp', 'udp', 'icmp', 'icmp6']);
    case 1:
      return `${transport(dice)}${dice.one(directions)}port ${values(dice, portText)}`;
    case 2:
      return `${dice.one(['', 'src ', 'dst '])}host ${ipv4Text(dice)}`;
    case 3:
      return `ip6 host ${hostText(dice, 'ip6')}`;
    case 4:
      return `proto ${protocolText(dice)}`;
    default:
      return relation(dice);
  }
}

/** What people paste in: tens of values, some hundreds now and then. */
function longList(dice: Dice): string {
  const length = dice.chance(0.03) ? 200 + dice.below(200) : 5 + dice.below(30);
  const many = (value: Grammar): string => Array.from({ length }, () => value(dice)).join(' or ');
  switch (dice.below(5)) {
    case 0:
      return `${dice.one(directions)}host ${many((dice) => `10.0.${dice.below(2)}.${dice.below(256)}`)}`;
    case 1:
      return `${transport(dice)}${dice.one(directions)}port ${many((dice) => String(dice.below(6000)))}`;
    case 2:
      return `${dice.one(directions)}net ${many((dice) => `10.${dice.below(4)}.${dice.below(256)}.0/24`)}`;
    case 3:
      return `${dice.one(directions)}host ${many((dice) => `2001:db8::${dice.below(20).toString(16)}`)}`;
    default:
      return many((dice) => `(host ${ipv4Text(dice)} and tcp port ${portText(dice)})`);
  }
}

import type { LinkType } from '../../src/ir/link-type.ts';

/**
 * Random filters as users could type them, for comparison with libpcap. Left out is what libpcap answers by accident
 * or not at all: text behind a tunnel that may not be one (it reads scratch memory that nobody wrote), `protochain`
 * (it may loop for ever), `ip multicast`, `byte` and `vxlan` (the released version differs from the next one).
 */
export function randomFilter(random: () => number, linkType: LinkType): string {
  const choose = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const below = (limit: number): number => Math.floor(random() * limit);
  const maybe = (text: string, chance = 0.5): string => (random() < chance ? text : '');

  const number = (): number =>
    choose([0, 1, 2, 4, 6, 17, 20, 53, 80, 255, 256, 0x7fffffff, 0x80000000, 0xffffffff, below(100), below(65536)]);
  const written = (value: number): string => choose([String(value), `0x${value.toString(16)}`]);
  const direction = (): string => choose(['', '', 'src ', 'dst ', 'src or dst ', 'src and dst ', 'dst or src ']);
  const ipv4 = (): string => choose(['10.0.0.1', '10.0.0.2', '192.168.1.5', '10.0', '10.0.0', '0.0.0.0', '224.0.0.22']);
  const ipv6 = (): string => choose(['2001:db8::1', '2001:db8::2', 'fe80::1', '::', 'ff02::fb', '2001:db8:0:1::']);
  const port = (): string => choose(['80', '443', '53', '123', '0', '65535', '5000', String(below(65536))]);
  const transport = (): string => choose(['', 'tcp ', 'udp ', 'sctp ']);

  const network = (): string =>
    choose([
      '10.0.0.0/8',
      '10.0.0.0/24',
      '0.0.0.0/0',
      '192.168.0.0 mask 255.255.0.0',
      '10.0.0.0 mask 255.0.255.0',
      '10',
      '192.168',
      '2001:db8::/32',
      '::/0',
      'fe80::/10',
      '2001:db8::/33',
      '128.0.0.0/1',
    ]);
  const value = (type: string): string => {
    switch (type) {
      case 'host':
        return choose([ipv4, ipv6])();
      case 'net':
        return network();
      case 'port':
        return port();
      default:
        return `${port()}-${port()}`;
    }
  };
  /** One value, or several that inherit the qualifiers. */
  const values = (type: string): string => {
    const several = [
      value(type),
      ...Array.from({ length: below(3) }, () => `${choose(['or', 'and', 'or not'])} ${value(type)}`),
    ];
    return several.length === 1 ? (several[0] as string) : `(${several.join(' ')})`;
  };

  const protocols = 'ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp pim ah esp vrrp igrp carp'.split(' ');
  const exotic = 'stp ipx netbeui iso clnp esis isis l1 l2 iih lsp snp csnp psnp atalk aarp decnet lat sca'.split(' ');

  const ethernet: readonly (() => string)[] = [
    () =>
      `ether ${direction()}${maybe('host ')}${choose(['00:11:22:33:44:55', '66:77:88:99:aa:bb', 'ff:ff:ff:ff:ff:ff'])}`,
    () => choose(['broadcast', 'multicast', 'ether broadcast', 'ether multicast']),
    () => `llc${maybe(` ${choose(['i', 's', 'u', 'rr', 'rnr', 'rej', 'ui', 'test', 'xid'])}`)}`,
    () => `vlan${maybe(` ${choose([0, 10, 20, 100, 200, 4095])}`)}`,
    // In parentheses, so that nothing inherits: the released libpcap takes any address for one of DECnet.
    () => `(decnet ${direction()}host ${choose(['10.123', '3.1'])})`,
  ];
  const anywhere: readonly (() => string)[] = [
    () => choose(protocols),
    () => choose(protocols),
    () => choose(exotic),
    () => `${choose(['', 'ip ', 'arp ', 'rarp '])}${direction()}${maybe('host ')}${ipv4()}`,
    () => `${maybe('ip6 ')}${direction()}host ${ipv6()}`,
    () => `${direction()}net ${values('net')}`,
    () => `${direction()}host ${values('host')}`,
    () => `${transport()}${direction()}port ${values('port')}`,
    () => `${transport()}${direction()}portrange ${values('portrange')}`,
    () => `${choose(['', 'ip ', 'ip6 '])}proto ${below(256)}`,
    () =>
      `ether proto ${choose(['0x800', '0x86dd', '0x806', '0x8100', '0x88cc', '0x42', '6', '0xfe', '0xe0', '2048'])}`,
    () => `iso proto ${choose([0x81, 0x82, 0x83])}`,
    () => `isis proto ${below(32)}`,
    () => `${choose(['less', 'greater'])} ${choose([0, 40, 60, 64, 74, 100, 1000, 0xffffffff])}`,
    relation,
    relation,
    relation,
  ];

  function relation(): string {
    return `${arithmetic(3)} ${choose(['=', '==', '!=', '<', '<=', '>', '>='])} ${arithmetic(1)}`;
  }

  function arithmetic(depth: number): string {
    if (depth === 0 || random() < 0.25) return random() < 0.15 ? 'len' : written(number());
    switch (below(4)) {
      case 0: {
        const operator = choose(['+', '-', '*', '&', '|', '^', '%', '/', '<<', '>>']);
        // A literal shift beyond 31 or division by 0 is an error; behind another operation it is a value.
        const right = operator === '<<' || operator === '>>' ? String(below(32)) : arithmetic(depth - 1);
        const divisor = operator === '/' || operator === '%' ? `(1 + ${right})` : right;
        return `${arithmetic(depth - 1)} ${operator} ${divisor}`;
      }
      case 1:
        return `(${arithmetic(depth - 1)})`;
      case 2:
        return maybe('-', 0.3) + accessor(depth);
      default:
        return accessor(depth);
    }
  }

  function accessor(depth: number): string {
    const protocol = choose(['ether', 'ip', 'ip6', 'arp', 'tcp', 'udp', 'icmp', 'icmp6', 'sctp', 'igmp', 'rarp']);
    const index = random() < 0.7 ? String(choose([0, 1, 2, 6, 8, 9, 12, 13, 16, 40, 100])) : arithmetic(depth - 1);
    return `${protocol}[${index}${choose(['', '', ':1', ':2', ':4'])}]`;
  }

  function clause(depth: number): string {
    if (depth > 0 && random() < 0.35) return `(${joined(depth - 1)})`;
    const primitives = linkType === 'EN10MB' ? [...anywhere, ...ethernet] : anywhere;
    return choose(primitives)();
  }

  function joined(depth: number): string {
    let text = maybe('not ', 0.2) + clause(depth);
    for (let more = below(3); more > 0; more--)
      text += ` ${choose(['and', 'or', '&&', '||'])} ${maybe('not ', 0.2)}${clause(depth)}`;
    return text;
  }

  const behind =
    linkType === 'EN10MB'
      ? choose(['', '', '', '', 'geneve and ', 'mpls and ', 'pppoes and ', 'vlan and geneve and '])
      : '';
  // Behind labels and PPPoE most words are errors; what is left is the everyday language.
  if (behind === 'mpls and ' || behind === 'pppoes and ') {
    const inner = choose([
      () => choose(['ip', 'ip6', 'tcp', 'udp']),
      () => `${transport()}port ${port()}`,
      () => `ip[${below(20)}] = ${below(256)}`,
    ]);
    return `${behind}${inner()}`;
  }
  return behind === '' ? joined(2) : `${behind}(${joined(2)})`;
}

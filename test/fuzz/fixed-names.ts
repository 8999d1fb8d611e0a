import { parseMac } from '../../src/compiler/address.ts';
import type { Names } from '../../src/compiler/names.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { parseAddress } from '../../src/packet/address.ts';

/**
 * Names that random filters use: these beside the system's services and protocols, which libpcap reads, too. What
 * libpcap cannot know it gets as the address that the name stands for.
 */
export const hostNames: ReadonlyMap<string, readonly string[]> = new Map([
  ['router', ['10.0.0.254']],
  ['server', ['2001:db8::5']],
  ['dual', ['192.168.1.5', '2001:db8::2']],
]);

export const networkNames: ReadonlyMap<string, string> = new Map([
  ['lab', '10.1'],
  ['site', '192.168.7'],
]);

export const ethernetNames: ReadonlyMap<string, string> = new Map([
  ['router', '02:00:00:00:00:fe'],
  ['printer', '00:11:22:33:44:55'],
]);

/** Of every system. */
export const serviceNames: readonly string[] = 'http domain ssh tftp ntp snmp sip https bgp ldap'.split(' ');
export const protocolNames: readonly string[] = 'tcp udp icmp gre esp ah ospf sctp ipv6-icmp igmp pim'.split(' ');

export function fixedNames(): Names {
  const system = systemNames();
  return {
    service: (name) => system.service(name),
    protocol: (name) => system.protocol(name),
    host: (name) => (hostNames.get(name) ?? []).map((address) => parseAddress(address) as Uint8Array),
    network: (name) =>
      networkNames
        .get(name)
        ?.split('.')
        .reduce((number, part) => number * 256 + Number(part), 0),
    ethernet: (name) => {
      const address = ethernetNames.get(name);
      return address === undefined ? undefined : parseMac(address);
    },
  };
}

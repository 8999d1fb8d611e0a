import type { Namespaces } from '../support/netns.ts';

/**
 * Both ends get an MTU of 9,000 bytes and the offloads that let packets travel in pieces (`sg`) and merged (`tso`); the
 * sender's end says nothing of its own accord.
 * @param tagOffload see `LiveOptions`
 */
export function prepareForLargeFrames({ a, b }: Namespaces, tagOffload: boolean): void {
  const pieces = ['sg', 'tx', 'tso', 'gso', 'tx-udp-segmentation'].flatMap((name) => [name, 'on']);
  const tags = ['txvlan', 'tx-vlan-stag-hw-insert'].flatMap((name) => [name, tagOffload ? 'on' : 'off']);
  for (const end of [a, b]) {
    end.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6');
    end.run('ip', 'link', 'set', end.interface, 'mtu', '9000');
    end.run('ethtool', '-K', end.interface, ...pieces, ...tags);
  }
}

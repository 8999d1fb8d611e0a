/**
 * What the kernel knows about a packet beside its bytes, read by loads at offsets from 0xfffff000 on (SKF_AD_OFF in
 * linux/filter.h). One table; only live sockets answer these loads.
 */
export type Extension =
  | 'protocol'
  | 'packet-type'
  | 'interface-index'
  | 'netlink-attribute'
  | 'nested-netlink-attribute'
  | 'mark'
  | 'queue'
  | 'hardware-type'
  | 'receive-hash'
  | 'cpu'
  | 'xor-index'
  | 'vlan-tci'
  | 'vlan-present'
  | 'payload-offset'
  | 'random'
  | 'vlan-protocol';

export interface ExtensionFacts {
  readonly name: Extension;
  /** SKF_AD_… */
  readonly number: number;
  /** How `tcpdump -d` writes it between brackets (libpcap's bpf_image.c). */
  readonly listing: string;
  /** How the kernel's bpf_asm writes it after `#` (it has no word for `xor-index`). */
  readonly assembler: string;
}

/** SKF_AD_OFF, −4096, as the unsigned number that instructions carry. */
export const extensionBase = 0xfffff000;

export const extensions: readonly ExtensionFacts[] = [
  { name: 'protocol', number: 0, listing: 'proto', assembler: 'proto' },
  { name: 'packet-type', number: 4, listing: 'type', assembler: 'type' },
  { name: 'interface-index', number: 8, listing: 'ifidx', assembler: 'ifidx' },
  { name: 'netlink-attribute', number: 12, listing: 'nla', assembler: 'nla' },
  { name: 'nested-netlink-attribute', number: 16, listing: 'nlan', assembler: 'nlan' },
  { name: 'mark', number: 20, listing: 'mark', assembler: 'mark' },
  { name: 'queue', number: 24, listing: 'queue', assembler: 'queue' },
  { name: 'hardware-type', number: 28, listing: 'hatype', assembler: 'hatype' },
  { name: 'receive-hash', number: 32, listing: 'rxhash', assembler: 'rxhash' },
  { name: 'cpu', number: 36, listing: 'cpu', assembler: 'cpu' },
  { name: 'xor-index', number: 40, listing: 'xor_x', assembler: 'xor_x' },
  { name: 'vlan-tci', number: 44, listing: 'vlan_tci', assembler: 'vlan_tci' },
  { name: 'vlan-present', number: 48, listing: 'vlanp', assembler: 'vlan_avail' },
  { name: 'payload-offset', number: 52, listing: 'poff', assembler: 'poff' },
  { name: 'random', number: 56, listing: 'random', assembler: 'rand' },
  { name: 'vlan-protocol', number: 60, listing: 'vlan_tpid', assembler: 'vlan_tpid' },
];

const byName = new Map(extensions.map((facts) => [facts.name, facts]));
const byOffset = new Map(extensions.map((facts) => [extensionBase + facts.number, facts]));

export function extensionFacts(name: Extension): ExtensionFacts {
  return byName.get(name) as ExtensionFacts;
}

/** @param offset of a load, 0 … 2^32 − 1 */
export function extensionAt(offset: number): ExtensionFacts | undefined {
  return byOffset.get(offset);
}

/** What `packet-type` is for a packet that this host sent: PACKET_OUTGOING in linux/if_packet.h. */
export const packetTypeOutgoing = 4;

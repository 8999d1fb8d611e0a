import { interfaceAddresses } from '../kernel/netlink/address.ts';
import { linkByName, links, type Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { ApplianceError } from './appliance-error.ts';

/** What the frames of an interface can look like. */
export type InterfaceLinkType = 'EN10MB' | 'RAW';

/** ARPHRD_… (include/uapi/linux/if_arp.h): what the frames of an interface look like to XDP and TC. */
const linkTypesByHardware: ReadonlyMap<number, InterfaceLinkType> = new Map<number, InterfaceLinkType>([
  [1, 'EN10MB'],
  // The loopback's frames have an Ethernet header of zeros.
  [772, 'EN10MB'],
  // tun and other tunnels without a link header.
  [65534, 'RAW'],
  [768, 'RAW'],
  [769, 'RAW'],
]);

/** @throws ApplianceError where there is no interface of that name */
export function findInterface(kernel: Kernel, name: string): Link {
  const link = linkByName(kernel, name);
  if (link !== undefined) return link;
  const known = links(kernel).map((each) => each.name);
  throw new ApplianceError(
    'unknown-interface',
    'input',
    `there is no interface ${JSON.stringify(name)}`,
    `interfaces here: ${known.join(', ')}`,
  );
}

/** @throws ApplianceError where pktf does not know what the interface's frames look like */
export function linkTypeOf(link: Link): InterfaceLinkType {
  const linkType = linkTypesByHardware.get(link.hardwareType);
  if (linkType !== undefined) return linkType;
  throw new ApplianceError(
    'unsupported-interface',
    'input',
    `${link.name} is neither an Ethernet nor a raw IP interface (hardware type ${link.hardwareType})`,
    'pktf filters Ethernet frames and the bare IP packets of tunnels',
  );
}

/** The IPv4 netmask of the interface's first address, host order, for `ip broadcast`. */
export function netmaskOf(kernel: Kernel, link: Link): number | undefined {
  const first = interfaceAddresses(kernel, link.ifindex).find((address) => address.address.length === 4);
  if (first === undefined) return undefined;
  return first.prefixLength === 0 ? 0 : (0xffff_ffff << (32 - first.prefixLength)) >>> 0;
}

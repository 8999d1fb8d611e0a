/**
 * Link types: what the first bytes of a packet are. The one table; the compiler adds the meaning of each header in
 * `compiler/protocol/link.ts`. Numbers: https://www.tcpdump.org/linktypes.html. A capture file carries the LINKTYPE
 * value, libpcap's API the DLT value; they differ for RAW.
 */
export type LinkType = 'EN10MB' | 'RAW' | 'IPV4' | 'IPV6' | 'LINUX_SLL' | 'LINUX_SLL2' | 'NULL' | 'LOOP' | 'PPP';

export interface LinkTypeFacts {
  readonly name: LinkType;
  /** Value in the header of capture files. */
  readonly fileValue: number;
  /** Further values met in files of other origins. */
  readonly alternativeFileValues: readonly number[];
  /** Value in libpcap's API on Linux. */
  readonly dlt: number;
  readonly description: string;
}

export const linkTypes: readonly LinkTypeFacts[] = [
  { name: 'EN10MB', fileValue: 1, alternativeFileValues: [], dlt: 1, description: 'Ethernet' },
  {
    name: 'RAW',
    fileValue: 101,
    alternativeFileValues: [12, 14],
    dlt: 12,
    description: 'IPv4 or IPv6 without a link header',
  },
  { name: 'IPV4', fileValue: 228, alternativeFileValues: [], dlt: 228, description: 'IPv4 without a link header' },
  { name: 'IPV6', fileValue: 229, alternativeFileValues: [], dlt: 229, description: 'IPv6 without a link header' },
  { name: 'LINUX_SLL', fileValue: 113, alternativeFileValues: [], dlt: 113, description: 'Linux cooked capture' },
  {
    name: 'LINUX_SLL2',
    fileValue: 276,
    alternativeFileValues: [],
    dlt: 276,
    description: 'Linux cooked capture, version 2',
  },
  {
    name: 'NULL',
    fileValue: 0,
    alternativeFileValues: [],
    dlt: 0,
    description: 'BSD loopback, address family in the byte order of the capturing host',
  },
  {
    name: 'LOOP',
    fileValue: 108,
    alternativeFileValues: [],
    dlt: 108,
    description: 'OpenBSD loopback, address family in network byte order',
  },
  { name: 'PPP', fileValue: 9, alternativeFileValues: [], dlt: 9, description: 'Point-to-point protocol' },
];

/** @param name as users write it after `-y`: any case, with or without `DLT_` */
export function linkTypeByName(name: string): LinkType | undefined {
  const wanted = name.toUpperCase().replace(/^DLT_/, '');
  return linkTypes.find((facts) => facts.name === wanted)?.name;
}

/** @returns undefined for a value that no supported link type has */
export function linkTypeByFileValue(value: number): LinkType | undefined {
  return linkTypes.find((facts) => facts.fileValue === value || facts.alternativeFileValues.includes(value))?.name;
}

export function linkTypeFacts(name: LinkType): LinkTypeFacts {
  return linkTypes.find((facts) => facts.name === name) as LinkTypeFacts;
}

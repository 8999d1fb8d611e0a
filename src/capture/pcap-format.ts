import { linkTypeByFileValue } from '../ir/link-type.ts';
import type { UnsupportedLinkType } from './batch.ts';
import type { LinkType } from '../ir/link-type.ts';

/**
 * The classic capture file format, as far as readers and writers share it. Facts: pcap-savefile(5), the IETF draft
 * `draft-ietf-opsawg-pcap`, and for what is accepted beyond them, libpcap's behaviour.
 */

export interface PcapVariant {
  readonly magic: number;
  /** What the fraction of a second counts. */
  readonly fractionsPerSecond: 1_000_000 | 1_000_000_000;
  /** Bytes before each packet. */
  readonly recordHeaderLength: number;
}

export const microsecondPcap: PcapVariant = {
  magic: 0xa1b2c3d4,
  fractionsPerSecond: 1_000_000,
  recordHeaderLength: 16,
};
export const nanosecondPcap: PcapVariant = {
  magic: 0xa1b23c4d,
  fractionsPerSecond: 1_000_000_000,
  recordHeaderLength: 16,
};
/** Alexey Kuznetzov's, of old Red Hat systems: interface index, protocol and packet type follow the usual fields. */
export const kuznetzovPcap: PcapVariant = { magic: 0xa1b2cd34, fractionsPerSecond: 1_000_000, recordHeaderLength: 24 };

export const pcapVariants: readonly PcapVariant[] = [microsecondPcap, nanosecondPcap, kuznetzovPcap];

export const fileHeaderLength = 24;
export const version = { major: 2, minor: 4 } as const;

/** The longest packet that libpcap accepts and every tool therefore reads. */
export const maximumSnaplen = 262_144;

/** Link types whose records may be longer (D-Bus, EBHSCR, USBPcap), by number in the file. */
const longerSnaplens: ReadonlyMap<number, number> = new Map([
  [231, 128 << 20],
  [279, 8 << 20],
  [249, 1 << 20],
]);

/** The longest record that a reader takes for real, by the link type's number in the file. */
export function longestRecord(linkTypeValue: number): number {
  return longerSnaplens.get(linkTypeValue) ?? maximumSnaplen;
}

/** The snaplen that a header's field stands for: 0 and values beyond 2^31 stand for the greatest. */
export function effectiveSnaplen(field: number, linkTypeValue: number): number {
  return field === 0 || field > 0x7fff_ffff ? longestRecord(linkTypeValue) : field;
}

/** A link type that we know by name, or the bare number for one that we do not. */
export function linkTypeOf(fileValue: number): LinkType | UnsupportedLinkType {
  return linkTypeByFileValue(fileValue) ?? { fileValue };
}

/** The magic number in `view` at `offset`, in either byte order. */
export function recognizePcap(
  view: DataView,
  offset: number,
): { readonly variant: PcapVariant; readonly littleEndian: boolean } | undefined {
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(offset, littleEndian);
    const variant = pcapVariants.find((candidate) => candidate.magic === magic);
    if (variant !== undefined) return { variant, littleEndian };
  }
  return undefined;
}

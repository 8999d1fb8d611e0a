/**
 * The pcapng format, as far as reader and writer share it. Facts: the IETF draft `draft-ietf-opsawg-pcapng`; and for
 * what is accepted beyond it, libpcap's and Wireshark's behaviour.
 */

export const blockType = {
  section: 0x0a0d_0d0a,
  interface: 1,
  /** Obsolete since 2004 and still met. */
  packet: 2,
  simplePacket: 3,
  enhancedPacket: 6,
} as const;

/** In a section header; read in the wrong byte order it is 4D3C2B1A. */
export const byteOrderMagic = 0x1a2b_3c4d;

/** Type and length before, length again behind. */
export const blockOverhead = 12;
export const blockHeaderLength = 8;

/** Blocks of more are refused: as libpcap's limit, room for the longest packet of any link type and its options. */
export const longestBlock = 16 << 20;

export const option = {
  end: 0,
  comment: 1,
  timeResolution: 9,
  timeOffset: 14,
} as const;

/** Bodies and options fill up to four bytes. */
export function padded(length: number): number {
  return (length + 3) & ~3;
}

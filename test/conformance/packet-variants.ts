import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { linkHeaders } from '../support/packets.ts';
import type { CorpusPacket } from './corpus.ts';

/** Packets of the corpus as another link type would carry them, cut off, and mutated. */

const ethernetHeaderLength = 14;

/** The Ethernet packets with the header of a link type in front of the same payload. */
export function reframed(packets: readonly CorpusPacket[], linkType: LinkType): readonly Packet[] {
  return packets.flatMap(({ bytes, wireLength }) => {
    if (linkType === 'EN10MB') return [{ bytes, length: wireLength }];
    // What was cut off inside its link header has no header to replace.
    if (bytes.length < ethernetHeaderLength) return [];
    const etherType = ((bytes[12] as number) << 8) | (bytes[13] as number);
    const payload = bytes.subarray(ethernetHeaderLength);
    return linkHeaders(linkType, etherType).map((header) => ({
      bytes: Uint8Array.of(...header, ...payload),
      length: header.length + wireLength - ethernetHeaderLength,
    }));
  });
}

/** Each packet cut off at every length up to a longest. */
export function cutOff(packets: readonly Packet[], longest: number): readonly Packet[] {
  return packets.flatMap((packet) =>
    Array.from({ length: Math.min(packet.bytes.length, longest + 1) }, (_, captured) => ({
      bytes: packet.bytes.subarray(0, captured),
      length: packet.length,
    })),
  );
}

/** Each packet with a few bytes changed, many times; some cut off as well. @param random a number from 0 to below 1 */
export function mutated(packets: readonly Packet[], times: number, random: () => number): readonly Packet[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  return packets.flatMap((packet) =>
    Array.from({ length: packet.bytes.length === 0 ? 0 : times }, () => {
      const bytes = packet.bytes.slice();
      for (let i = 0; i <= below(4); i++) {
        const at = below(bytes.length);
        bytes[at] = random() < 0.5 ? below(256) : (bytes[at] as number) ^ (1 << below(8));
      }
      return { bytes: random() < 0.2 ? bytes.subarray(0, below(bytes.length)) : bytes, length: packet.length };
    }),
  );
}

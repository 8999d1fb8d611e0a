// The pcapng capture of test/pcaps (see make-pcaps.ts), block by block.
import { linkTypeFacts, type LinkType } from '../src/ir/link-type.ts';
import { buildLink, concat } from '../src/packet/build.ts';
import { ipPackets, mixedFrames } from './pcap-packets.ts';

/** 2023-11-14 22:13:20 UTC in seconds. */
const startTime = 1_700_000_000n;

interface Section {
  readonly word16: (value: number) => Uint8Array;
  readonly word32: (value: number) => Uint8Array;
  readonly word64: (value: bigint) => Uint8Array;
  readonly block: (type: number, ...body: readonly Uint8Array[]) => Uint8Array;
}

function section(littleEndian: boolean): Section {
  const make = (size: number, set: (view: DataView) => void): Uint8Array => {
    const view = new DataView(new ArrayBuffer(size));
    set(view);
    return new Uint8Array(view.buffer);
  };
  const word32 = (value: number): Uint8Array => make(4, (view) => view.setUint32(0, value, littleEndian));
  return {
    word16: (value) => make(2, (view) => view.setUint16(0, value, littleEndian)),
    word32,
    word64: (value) => make(8, (view) => view.setBigInt64(0, value, littleEndian)),
    block(type, ...body) {
      const content = pad(concat(...body));
      const length = word32(12 + content.length);
      return concat(word32(type), length, content, length);
    },
  };
}

function pad(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array(-bytes.length & 3));
}

function header({ block, word16, word32, word64 }: Section): Uint8Array {
  return block(0x0a0d0d0a, word32(0x1a2b3c4d), word16(1), word16(0), word64(-1n));
}

function description(given: Section, linkType: LinkType, ...options: readonly Uint8Array[]): Uint8Array {
  const { block, word16, word32 } = given;
  return block(1, word16(linkTypeFacts(linkType).fileValue), word16(0), word32(262_144), ...options);
}

function option({ word16 }: Section, code: number, value: Uint8Array): Uint8Array {
  return concat(word16(code), word16(value.length), pad(value));
}

interface Enhanced {
  readonly id: number;
  readonly time: bigint;
  readonly bytes: Uint8Array;
  readonly length?: number;
  readonly comment?: string;
}

function enhanced(given: Section, { id, time, bytes, length = bytes.length, comment }: Enhanced): Uint8Array {
  const { block, word32 } = given;
  const high = word32(Number(time >> 32n));
  const low = word32(Number(time & 0xffff_ffffn));
  const text = comment === undefined ? [] : [option(given, 1, new TextEncoder().encode(comment)), word32(0)];
  return block(6, word32(id), high, low, word32(bytes.length), word32(length), pad(bytes), ...text);
}

export function manySections(): Uint8Array {
  const [frame, packet] = [mixedFrames()[2] as Uint8Array, ipPackets()[1] as Uint8Array];
  const little = section(true);
  const big = section(false);
  const nanoseconds = startTime * 1_000_000_000n + 123_456_789n;
  const microseconds = (startTime + 1n) * 1_000_000n + 123_456n;
  const cooked = buildLink('LINUX_SLL', 0x0800, packet);
  // One and a half seconds after the start; the section's clock is 100 seconds late.
  const binary = (startTime - 100n) * 0x10_0000n + 0x18_0000n;
  return concat(
    header(little),
    description(little, 'EN10MB', option(little, 9, Uint8Array.of(9)), little.word32(0)),
    description(little, 'RAW'),
    // A name resolution block, which carries no packets.
    little.block(4, little.word32(0)),
    enhanced(little, { id: 0, time: nanoseconds, bytes: frame }),
    enhanced(little, { id: 0, time: nanoseconds + 1n, bytes: frame.subarray(0, 21), length: frame.length }),
    enhanced(little, { id: 1, time: microseconds, bytes: packet, comment: 'of the second interface' }),
    enhanced(little, { id: 0, time: nanoseconds + 2n, bytes: frame }),
    little.block(3, little.word32(frame.length), frame),
    header(big),
    description(
      big,
      'LINUX_SLL',
      option(big, 9, Uint8Array.of(0x94)),
      option(big, 14, big.word64(100n)),
      big.word32(0),
    ),
    enhanced(big, { id: 0, time: binary, bytes: cooked }),
    // Obsolete: interface 0, 7 packets dropped.
    big.block(
      2,
      concat(
        big.word16(0),
        big.word16(7),
        big.word32(Number(binary >> 32n)),
        big.word32(Number(binary & 0xffff_ffffn)),
      ),
      concat(big.word32(cooked.length), big.word32(cooked.length), cooked),
    ),
    header(little),
  );
}

import type { RawInstruction } from '../../src/cbpf/program.ts';
import { chainLimit } from '../../src/compiler/protocol/chain.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { LibpcapError, type Libpcap, type LibpcapProgram } from '../support/libpcap.ts';
import type { FilterGraphs } from './engines.ts';
import { releasedWording } from './released-wording.ts';

/** Of the interface, for `ip broadcast`: host order. */
export const netmask = 0xffffff00;

/** What says what is right about one filter. */
export interface Reference {
  readonly name: 'libpcap' | 'evaluator';
  /** @returns whether the packet matches; undefined where libpcap walks further than pktf does on purpose */
  matches(packet: Packet): boolean | undefined;
  close(): void;
}

/**
 * libpcap's unoptimised program, run by libpcap.
 * @returns libpcap's words where it rejects the filter
 */
export function libpcapReference(libpcap: Libpcap, filter: string, linkType: LinkType): Reference | string {
  const little = compiled(libpcap, filter, linkType, 'little-endian');
  const big = linkType === 'NULL' ? compiled(libpcap, filter, linkType, 'big-endian') : little;
  if (typeof little === 'string') return little;
  if (typeof big === 'string') return big;
  return {
    name: 'libpcap',
    matches(packet) {
      const kept = (isBigEndian(packet) ? big : little).run(packet.bytes, packet.length);
      return kept === walkedTooFar ? undefined : kept !== 0;
    },
    close() {
      little.free();
      if (big !== little) big.free();
    },
  };
}

/** Which byte order a NULL header can only have: pktf takes both, libpcap the one of the capture file. */
function isBigEndian({ bytes }: Packet): boolean {
  return bytes[0] === 0 && bytes[1] === 0;
}

/**
 * What libpcap 1.10.3 cannot answer: `vxlan` and our extensions it does not know; and where arithmetic or a walk along headers stands
 * before `geneve`, they share scratch memory, so that text about the inner packet reads what they left there when the
 * packet is no tunnel.
 */
export function isBeyondLibpcap(filter: string): boolean {
  return /\bvxlan\b|\b(anyvlan|ext|inner) \(|([=<>]|\bprotochain\b).*\bgeneve\b/.test(releasedWording(filter));
}

/** The meaning of the graph as it was written. */
export function evaluatorReference({ written }: Pick<FilterGraphs, 'written'>): Reference {
  return {
    name: 'evaluator',
    matches: (packet) => evaluate(written.entry, packet).verdict.kind === 'match',
    close() {},
  };
}

function compiled(
  libpcap: Libpcap,
  filter: string,
  linkType: LinkType,
  fileOrder: 'little-endian' | 'big-endian',
): LibpcapProgram | string {
  try {
    const program = libpcap.compile(releasedWording(filter), linkType, { netmask, fileOrder });
    program.free();
    return libpcap.load([...clearedScratch, ...unrolled(program.instructions)]);
  } catch (error) {
    if (error instanceof LibpcapError) return error.message;
    throw error;
  }
}

const raw = { loadConstant: 0x00, store: 0x02, jumpAlways: 0x05, returnConstant: 0x06 } as const;

/**
 * libpcap reads scratch memory that nobody wrote where text behind `geneve or …` meets a packet that is no tunnel; a
 * filter means what it means when that memory is 0.
 */
const clearedScratch: readonly RawInstruction[] = [
  instruction(raw.loadConstant, 0),
  ...Array.from({ length: 16 }, (_, cell) => instruction(raw.store, cell)),
];

/** What an unrolled program returns where the loops go on for longer than pktf follows. */
const walkedTooFar = 0xffffffff;

/**
 * `protochain` is a loop, which packets can make endless. Written out as many times as pktf follows it, the program
 * always ends, and says so where that was not enough.
 */
function unrolled(instructions: readonly RawInstruction[]): readonly RawInstruction[] {
  if (!instructions.some(jumpsBack)) return instructions;
  const copies = chainLimit + 1;
  const copy = instructions.map((one) => (jumpsBack(one) ? { ...one, k: (one.k + instructions.length) >>> 0 } : one));
  const tooFar = Array.from({ length: instructions.length }, () => instruction(raw.returnConstant, walkedTooFar));
  return [...Array.from({ length: copies }, () => copy).flat(), ...tooFar];
}

function jumpsBack({ code, k }: RawInstruction): boolean {
  return code === raw.jumpAlways && k >= 0x80000000;
}

function instruction(code: number, k: number): RawInstruction {
  return { code, jt: 0, jf: 0, k };
}

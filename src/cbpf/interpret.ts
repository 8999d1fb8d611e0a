import type { Packet } from '../ir/packet.ts';
import type { MetadataField } from '../ir/value.ts';
import { requireValid, scratchCells } from './check.ts';
import { extensionAt, extensionBase, packetTypeOutgoing, type Extension } from './extension.ts';
import type { Instruction } from './instruction.ts';
import { predecode } from './predecode.ts';

/**
 * A program made ready for many packets, without an object per packet.
 * @param bytes holds the packet from `offset` on
 * @param capturedLength how many bytes of it there are
 * @param length its length on the wire
 * @param metadata what extensions read; what is absent reads as 0
 * @returns how many bytes to keep, 0 … 2^32 − 1; 0 is no match
 */
export type Interpreter = (
  bytes: Uint8Array,
  offset: number,
  capturedLength: number,
  length: number,
  metadata?: Packet['metadata'],
) => number;

/**
 * Runs a program once.
 * @throws InvalidProgramError
 */
export function run(instructions: readonly Instruction[], packet: Packet): number {
  return interpreter(instructions)(packet.bytes, 0, packet.bytes.length, packet.length, packet.metadata);
}

/**
 * Prepares a program with libpcap's meaning (bpf_filter): a load that is not wholly within the captured bytes ends
 * it with 0, offsets of indirect loads do not wrap at 32 bits, a shift by an X of 32 or more gives 0, a division by an
 * X of 0 ends it with 0. The kernel differs in the two middle ones; `generate.ts` makes programs that do not show it.
 *
 * Registers are kept as signed numbers, which V8 holds in machine registers; `>>> 0` makes them unsigned to compare.
 * @throws InvalidProgramError where the kernel would refuse the program; so nothing is left to check while it runs
 */
export function interpreter(instructions: readonly Instruction[]): Interpreter {
  requireValid(instructions);
  const { operations, constants, targetsTrue, targetsFalse } = predecode(instructions);
  const scratch = new Int32Array(scratchCells);

  return (bytes, offset, capturedLength, length, metadata) => {
    let a = 0;
    let x = 0;
    let at = 0;
    for (let pc = 0; ;) {
      const k = constants[pc] as number;
      // Numbered by the table in `predecode.ts`.
      switch (operations[pc] as number) {
        case 0: // ldh [k]
          at = k >>> 0;
          if (at + 2 > capturedLength) return 0;
          at += offset;
          a = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
          break;
        case 1: // ldb [k]
          at = k >>> 0;
          if (at + 1 > capturedLength) return 0;
          a = bytes[offset + at] as number;
          break;
        case 2: // ld [k]
          at = k >>> 0;
          if (at + 4 > capturedLength) return 0;
          a = readWord(bytes, offset + at);
          break;
        case 3: // jeq #k
          pc = (a === k ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 4: // jgt #k
          pc = (a >>> 0 > k >>> 0 ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 5: // jge #k
          pc = (a >>> 0 >= k >>> 0 ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 6: // jset #k
          pc = ((a & k) !== 0 ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 7: // ret #k
          return k >>> 0;
        case 8: // ldxb 4*([k]&0xf)
          at = k >>> 0;
          if (at + 1 > capturedLength) return 0;
          x = ((bytes[offset + at] as number) & 0x0f) << 2;
          break;
        case 9: // ldh [x + k]
          at = (x >>> 0) + (k >>> 0);
          if (at + 2 > capturedLength) return 0;
          at += offset;
          a = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
          break;
        case 10: // ldb [x + k]
          at = (x >>> 0) + (k >>> 0);
          if (at + 1 > capturedLength) return 0;
          a = bytes[offset + at] as number;
          break;
        case 11: // ld [x + k]
          at = (x >>> 0) + (k >>> 0);
          if (at + 4 > capturedLength) return 0;
          a = readWord(bytes, offset + at);
          break;
        case 12: // and #k
          a &= k;
          break;
        case 13: // or #k
          a |= k;
          break;
        case 14: // xor #k
          a ^= k;
          break;
        case 15: // add #k
          a = (a + k) | 0;
          break;
        case 16: // sub #k
          a = (a - k) | 0;
          break;
        case 17: // mul #k
          a = Math.imul(a, k);
          break;
        case 18: // div #k
          a = ((a >>> 0) / (k >>> 0)) | 0;
          break;
        case 19: // mod #k
          a = ((a >>> 0) % (k >>> 0)) | 0;
          break;
        case 20: // lsh #k
          a <<= k;
          break;
        case 21: // rsh #k
          a >>>= k;
          a |= 0;
          break;
        case 22: // and x
          a &= x;
          break;
        case 23: // or x
          a |= x;
          break;
        case 24: // xor x
          a ^= x;
          break;
        case 25: // add x
          a = (a + x) | 0;
          break;
        case 26: // sub x
          a = (a - x) | 0;
          break;
        case 27: // mul x
          a = Math.imul(a, x);
          break;
        case 28: // div x
          if (x === 0) return 0;
          a = ((a >>> 0) / (x >>> 0)) | 0;
          break;
        case 29: // mod x
          if (x === 0) return 0;
          a = ((a >>> 0) % (x >>> 0)) | 0;
          break;
        case 30: // lsh x
          a = x >>> 0 > 31 ? 0 : a << x;
          break;
        case 31: // rsh x
          a = x >>> 0 > 31 ? 0 : (a >>> x) | 0;
          break;
        case 32: // neg
          a = -a | 0;
          break;
        case 33: // tax
          x = a;
          break;
        case 34: // txa
          a = x;
          break;
        case 35: // ld #k
          a = k;
          break;
        case 36: // ldx #k
          x = k;
          break;
        case 37: // ld M[k]
          a = scratch[k] as number;
          break;
        case 38: // ldx M[k]
          x = scratch[k] as number;
          break;
        case 39: // st M[k]
          scratch[k] = a;
          break;
        case 40: // stx M[k]
          scratch[k] = x;
          break;
        case 41: // ld #len
          a = length | 0;
          break;
        case 42: // ldx #len
          x = length | 0;
          break;
        case 43: // ja
          pc = targetsTrue[pc] as number;
          continue;
        case 44: // jeq x
          pc = (a === x ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 45: // jgt x
          pc = (a >>> 0 > x >>> 0 ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 46: // jge x
          pc = (a >>> 0 >= x >>> 0 ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 47: // jset x
          pc = ((a & x) !== 0 ? targetsTrue[pc] : targetsFalse[pc]) as number;
          continue;
        case 48: // ret a
          return a >>> 0;
        case 49: // a load of an extension
          if (k === xorIndexOffset) {
            a ^= x;
            break;
          }
          at = readExtension(k, metadata);
          if (at < 0) return 0;
          a = at | 0;
          break;
      }
      pc++;
    }
  };
}

function readWord(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** The extension that is no load at all: A = A xor X. */
const xorIndexOffset = (extensionBase + 40) | 0;

/** The extensions that a packet's metadata answers. */
const metadataOf: Readonly<Partial<Record<Extension, MetadataField>>> = {
  'packet-type': 'direction-outgoing',
  'interface-index': 'interface-index',
  mark: 'mark',
  'vlan-tci': 'vlan-tci',
  'vlan-present': 'vlan-present',
  'vlan-protocol': 'vlan-protocol',
};

/**
 * A packet that is not outgoing reads as PACKET_HOST, 0.
 * @returns −1 for what only a kernel knows: such a load ends the program
 */
function readExtension(offset: number, metadata: Packet['metadata']): number {
  const extension = extensionAt(offset >>> 0)?.name as Extension;
  const field = metadataOf[extension];
  if (field === undefined) return -1;
  const value = metadata?.[field] ?? 0;
  return field === 'direction-outgoing' ? value * packetTypeOutgoing : value;
}

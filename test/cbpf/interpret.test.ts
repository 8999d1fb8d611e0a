import { expect } from 'chai';
import fc from 'fast-check';
import { InvalidProgramError } from '../../src/cbpf/check.ts';
import {
  aluConstant,
  aluIndex,
  jump,
  jumpIf,
  jumpIfIndex,
  loadAbsolute,
  loadExtension,
  loadImmediate,
  loadIndirect,
  loadLength,
  loadMemShift,
  loadScratch,
  negate,
  returnAccumulator,
  returnConstant,
  storeScratch,
  tax,
  txa,
  type AluOperation,
  type Condition,
  type Instruction,
} from '../../src/cbpf/instruction.ts';
import { interpreter, run } from '../../src/cbpf/interpret.ts';
import { wholePacket, type Packet } from '../../src/ir/packet.ts';
import { openClassicKernel, type ClassicKernel } from '../support/classic-kernel.ts';
import { randomProgram } from '../support/random-instruction.ts';

interface Case {
  readonly name: string;
  /** Leaves in A what the case is about. */
  readonly program: readonly Instruction[];
  readonly packet?: readonly number[];
  /** What A is then; `ends`: the program ends before, with 0. */
  readonly expected: number | 'ends';
}

const bytes = [0x80, 0x01, 0x45, 0xff, 0x10, 0x20];

function alu(operation: AluOperation, a: number, operand: number, expected: number | 'ends'): readonly Case[] {
  const byIndex: Case = {
    name: `${operation} x: ${a}, ${operand}`,
    program: [loadImmediate('A', a), loadImmediate('X', operand), aluIndex(operation)],
    expected,
  };
  if (expected === 'ends') return [byIndex];
  const program = [loadImmediate('A', a), aluConstant(operation, operand)];
  return [byIndex, { name: `${operation} #k: ${a}, ${operand}`, program, expected }];
}

function condition(name: Condition, a: number, operand: number, holds: boolean): readonly Case[] {
  const ways = [loadImmediate('A', 7), jump(1), loadImmediate('A', 9)];
  const expected = holds ? 7 : 9;
  return [
    {
      name: `${name} #k: ${a}, ${operand}`,
      program: [loadImmediate('A', a), jumpIf(name, operand, 0, 2), ...ways],
      expected,
    },
    {
      name: `${name} x: ${a}, ${operand}`,
      program: [loadImmediate('A', a), loadImmediate('X', operand), jumpIfIndex(name, 0, 2), ...ways],
      expected,
    },
  ];
}

const cases: readonly Case[] = [
  { name: 'A begins as 0', program: [], expected: 0 },
  { name: 'X begins as 0', program: [loadImmediate('A', 5), txa], expected: 0 },
  { name: 'ldb [k]', program: [loadAbsolute(3, 1)], expected: 0xff },
  { name: 'ldh [k]', program: [loadAbsolute(1, 2)], expected: 0x145 },
  { name: 'ld [k] is unsigned', program: [loadAbsolute(0, 4)], expected: 0x800145ff },
  { name: 'ldb [k] of the last byte', program: [loadAbsolute(5, 1)], expected: 0x20 },
  { name: 'ldb [k] outside', program: [loadAbsolute(6, 1)], expected: 'ends' },
  { name: 'ldh [k] of the last bytes', program: [loadAbsolute(4, 2)], expected: 0x1020 },
  { name: 'ldh [k] half outside', program: [loadAbsolute(5, 2)], expected: 'ends' },
  { name: 'ld [k] of the last bytes', program: [loadAbsolute(2, 4)], expected: 0x45ff1020 },
  { name: 'ld [k] partly outside', program: [loadAbsolute(3, 4)], expected: 'ends' },
  { name: 'ld [k] far outside', program: [loadAbsolute(0x7fffffff, 4)], expected: 'ends' },
  { name: 'ldb [k] of an empty packet', program: [loadAbsolute(0, 1)], packet: [], expected: 'ends' },
  { name: 'ldb [x + k]', program: [loadImmediate('X', 2), loadIndirect(1, 1)], expected: 0xff },
  { name: 'ldh [x + k]', program: [loadImmediate('X', 4), loadIndirect(0, 2)], expected: 0x1020 },
  { name: 'ld [x + k]', program: [loadImmediate('X', 1), loadIndirect(1, 4)], expected: 0x45ff1020 },
  { name: 'ldb [x + k] outside', program: [loadImmediate('X', 4), loadIndirect(2, 1)], expected: 'ends' },
  { name: 'ldh [x + k] half outside', program: [loadImmediate('X', 4), loadIndirect(1, 2)], expected: 'ends' },
  { name: 'ld [x + k] outside', program: [loadImmediate('X', 100), loadIndirect(0, 4)], expected: 'ends' },
  { name: 'ldxb 4*([k]&0xf)', program: [loadMemShift(2), txa], expected: 20 },
  { name: 'ldxb leaves A', program: [loadImmediate('A', 3), loadMemShift(2)], expected: 3 },
  { name: 'ldxb outside', program: [loadMemShift(6)], expected: 'ends' },
  { name: 'ld #len', program: [loadLength('A')], expected: 6 },
  { name: 'ldx #len', program: [loadLength('X'), txa], expected: 6 },
  { name: 'ld #k', program: [loadImmediate('A', 0xffffffff)], expected: 0xffffffff },
  { name: 'tax', program: [loadImmediate('A', 4), tax, loadImmediate('A', 1), txa], expected: 4 },
  {
    name: 'st and ldx',
    program: [loadImmediate('A', 11), storeScratch('A', 15), loadScratch('X', 15), loadImmediate('A', 0), txa],
    expected: 11,
  },
  {
    name: 'stx and ld',
    program: [loadImmediate('X', 12), storeScratch('X', 0), loadImmediate('X', 0), loadScratch('A', 0)],
    expected: 12,
  },
  { name: 'neg', program: [loadImmediate('A', 1), negate], expected: 0xffffffff },
  { name: 'neg of 0', program: [negate], expected: 0 },
  { name: 'neg of 2^31', program: [loadImmediate('A', 0x80000000), negate], expected: 0x80000000 },
  { name: 'ja', program: [loadImmediate('A', 1), jump(1), loadImmediate('A', 2)], expected: 1 },
  {
    name: 'xor of an extension',
    program: [loadImmediate('A', 6), loadImmediate('X', 5), loadExtension('xor-index')],
    expected: 3,
  },
  ...alu('add', 0xffffffff, 2, 1),
  ...alu('subtract', 1, 2, 0xffffffff),
  ...alu('multiply', 0x10001, 0x10001, 0x20001),
  ...alu('multiply', 0xffffffff, 0xffffffff, 1),
  ...alu('divide', 0xffffffff, 2, 0x7fffffff),
  ...alu('divide', 0xfffffffe, 0xffffffff, 0),
  ...alu('divide', 0x80000000, 1, 0x80000000),
  ...alu('divide', 5, 0, 'ends'),
  ...alu('modulo', 0xffffffff, 0x80000000, 0x7fffffff),
  ...alu('modulo', 0xfffffffe, 0xffffffff, 0xfffffffe),
  ...alu('modulo', 5, 0, 'ends'),
  ...alu('and', 0xffff0000, 0x80ffff00, 0x80ff0000),
  ...alu('or', 0x80000000, 1, 0x80000001),
  ...alu('xor', 0xffffffff, 1, 0xfffffffe),
  ...alu('shift-left', 1, 31, 0x80000000),
  ...alu('shift-left', 3, 31, 0x80000000),
  ...alu('shift-right', 0x80000000, 31, 1),
  ...alu('shift-right', 0x80000000, 0, 0x80000000),
  ...condition('equal', 0x80000000, 0x80000000, true),
  ...condition('equal', 1, 2, false),
  ...condition('greater', 0x80000000, 0x7fffffff, true),
  ...condition('greater', 2, 2, false),
  ...condition('greater', 1, 0xffffffff, false),
  ...condition('greater-or-equal', 2, 2, true),
  ...condition('greater-or-equal', 0xffffffff, 0x80000000, true),
  ...condition('greater-or-equal', 1, 2, false),
  ...condition('any-bit', 0x80000000, 0xc0000000, true),
  ...condition('any-bit', 6, 9, false),
  ...condition('any-bit', 0, 0xffffffff, false),
];

/** Makes the machine tell what A is: it keeps 1 byte if A is the expected number, 2 if not. */
function asking({ program, expected }: Case): readonly Instruction[] {
  const value = expected === 'ends' ? 0 : expected;
  return [...program, jumpIf('equal', value, 0, 1), returnConstant(1), returnConstant(2)];
}

function packetOf({ packet = bytes }: Case): Uint8Array {
  return Uint8Array.from(packet);
}

describe('the classic machine', () => {
  describe('in TypeScript', () => {
    for (const each of cases) {
      it(each.name, () => {
        const { expected } = each;
        const kept = run(asking(each), wholePacket(packetOf(each)));
        expect(kept).to.equal(expected === 'ends' ? 0 : 1);
      });
    }
  });

  describe('in the kernel', () => {
    let machine: ClassicKernel;

    before(async function () {
      machine = await openClassicKernel(this);
    });

    for (const each of cases) {
      it(each.name, () => {
        const { expected } = each;
        const packet = packetOf(each);
        const [kept] = machine.run(asking(each), [packet]);
        expect(kept).to.equal(expected === 'ends' ? undefined : Math.min(1, packet.length));
      });
    }

    it('does the same with random programs', () => {
      const packets = fc.array(fc.uint8Array({ maxLength: 48 }), { minLength: 4, maxLength: 8 });
      fc.assert(
        fc.property(randomProgram(), packets, (program, list) => {
          const kept = list.map((packet) => Math.min(run(program, wholePacket(packet)), packet.length));
          expect(machine.run(program, list).map((length) => length ?? 0)).to.deep.equal(kept);
        }),
        { numRuns: 3000 },
      );
    });
  });

  describe('of libpcap where the kernel differs', () => {
    const ending = [jumpIf('equal', 0, 0, 1), returnConstant(1), returnConstant(2)];

    it('shifts by 32 and more to 0', () => {
      for (const operation of ['shift-left', 'shift-right'] as const) {
        for (const distance of [32, 33, 0x80000000, 0xffffffff]) {
          const program = [
            loadImmediate('A', 0xffffffff),
            loadImmediate('X', distance),
            aluIndex(operation),
            ...ending,
          ];
          expect(run(program, wholePacket(Uint8Array.from(bytes)))).to.equal(1);
        }
      }
    });

    it('does not wrap the index of a load', () => {
      for (const size of [1, 2, 4] as const) {
        const program = [loadImmediate('X', 0xfffffff2), loadIndirect(14, size), returnConstant(1)];
        expect(run(program, wholePacket(Uint8Array.from(bytes)))).to.equal(0);
      }
    });
  });

  describe('and what it is given', () => {
    const packet: Packet = {
      bytes: Uint8Array.from(bytes),
      length: 1500,
      metadata: { mark: 0x80000001, 'vlan-tci': 0x6007, 'direction-outgoing': 1 },
    };

    it('tells the length on the wire, not that of the capture', () => {
      expect(run([loadLength('A'), returnAccumulator], packet)).to.equal(1500);
    });

    it('answers extensions from metadata; what is absent is 0', () => {
      expect(run([loadExtension('mark'), returnAccumulator], packet)).to.equal(0x80000001);
      expect(run([loadExtension('vlan-tci', 2), returnAccumulator], packet)).to.equal(0x6007);
      expect(run([loadExtension('packet-type'), returnAccumulator], packet)).to.equal(4);
      expect(run([loadExtension('vlan-present'), aluConstant('or', 8), returnAccumulator], packet)).to.equal(8);
      expect(run([loadExtension('mark'), aluConstant('or', 8), returnAccumulator], wholePacket(packet.bytes))).to.equal(
        8,
      );
    });

    it('ends at an extension that only a kernel knows', () => {
      expect(run([loadExtension('random'), returnConstant(1)], packet)).to.equal(0);
    });

    it('takes packets from the middle of a batch', () => {
      const program = interpreter([loadMemShift(0), loadIndirect(1, 1), returnAccumulator]);
      const batch = Uint8Array.from([9, 9, 9, 0x41, 0, 0, 0, 0, 0x77, 0x88]);
      expect(program(batch, 3, 6, 6)).to.equal(0x77);
      expect(program(batch, 3, 5, 7)).to.equal(0);
    });

    it('refuses a program that the kernel would refuse', () => {
      expect(() => interpreter([loadScratch('A', 1), returnAccumulator])).to.throw(InvalidProgramError);
    });
  });
});

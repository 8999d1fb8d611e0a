import { expect } from 'chai';
import fc from 'fast-check';
import { check, InvalidProgramError, mostInstructions, requireValid } from '../../src/cbpf/check.ts';
import {
  aluConstant,
  jump,
  jumpIf,
  loadAbsolute,
  loadExtension,
  loadImmediate,
  loadScratch,
  returnAccumulator,
  returnConstant,
  storeScratch,
  unknown,
  type Instruction,
} from '../../src/cbpf/instruction.ts';
import { decode } from '../../src/cbpf/raw.ts';
import { openClassicKernel, type ClassicKernel } from '../support/classic-kernel.ts';
import { randomInstruction, randomProgram, randomRawInstruction } from '../support/random-instruction.ts';

const end = returnConstant(0);

interface Case {
  readonly name: string;
  readonly program: readonly Instruction[];
  /** Absent: the program is good. */
  readonly message?: string;
}

const cases: readonly Case[] = [
  { name: 'one ret', program: [end] },
  { name: 'ret a at the end', program: [returnAccumulator] },
  { name: 'nothing', program: [], message: 'a program has at least one instruction' },
  {
    name: '4096 instructions',
    program: [...Array<Instruction>(mostInstructions - 1).fill(loadImmediate('A', 1)), end],
  },
  {
    name: '4097 instructions',
    program: [...Array<Instruction>(mostInstructions).fill(loadImmediate('A', 1)), end],
    message: '4097 instructions are more than the 4096 that the kernel takes',
  },
  {
    name: 'no ret at the end',
    program: [end, loadImmediate('A', 0)],
    message: 'instruction 1: the last instruction must be ret',
  },
  {
    name: 'an unknown code',
    program: [unknown({ code: 0xb0, jt: 0, jf: 0, k: 0 }), end],
    message: 'instruction 0: there is no instruction with code 0xb0',
  },
  { name: 'rests in unused fields', program: [unknown({ code: 0x28, jt: 7, jf: 9, k: 12 }), end] },
  { name: 'an offset that is negative to the kernel', program: [loadAbsolute(0xffffefff, 1), end] },
  { name: 'an extension', program: [loadExtension('vlan-tci', 2), end] },
  {
    name: 'an offset among the extensions that is none',
    program: [loadAbsolute(0xfffff001, 1), end],
    message: 'instruction 0: the kernel has no extension at offset 0xfffff001',
  },
  { name: 'division by 0', program: [aluConstant('divide', 0), end], message: 'instruction 0: division by 0' },
  { name: 'remainder by 0', program: [aluConstant('modulo', 0), end], message: 'instruction 0: division by 0' },
  { name: 'a shift by 31', program: [aluConstant('shift-left', 31), end] },
  {
    name: 'a shift by 32',
    program: [aluConstant('shift-right', 32), end],
    message: 'instruction 0: shift by 32, more than 31',
  },
  {
    name: 'M[16]',
    program: [storeScratch('X', 16), end],
    message: 'instruction 0: there is no M[16], only M[0] to M[15]',
  },
  { name: 'a jump to the end', program: [jump(0), end] },
  { name: 'a jump beyond the end', program: [jump(1), end], message: 'instruction 0: jump beyond the end' },
  { name: 'a conditional jump to the end', program: [jumpIf('equal', 0, 1, 0), end, end] },
  {
    name: 'a conditional jump beyond the end',
    program: [jumpIf('equal', 0, 0, 2), end, end],
    message: 'instruction 0: jump beyond the end',
  },
  {
    name: 'reading what nobody wrote',
    program: [loadScratch('A', 3), end],
    message: 'instruction 0: M[3] is read but not written on every way to here',
  },
  { name: 'reading what was written', program: [storeScratch('A', 3), loadScratch('X', 3), end] },
  {
    name: 'reading what one of two ways wrote',
    program: [jumpIf('equal', 0, 0, 1), storeScratch('A', 3), loadScratch('A', 3), end],
    message: 'instruction 2: M[3] is read but not written on every way to here',
  },
  {
    name: 'reading what both ways wrote',
    program: [jumpIf('equal', 0, 0, 2), storeScratch('A', 3), jump(1), storeScratch('X', 3), loadScratch('A', 3), end],
  },
  {
    name: 'reading what was not written before a ret that stands in between',
    program: [
      jumpIf('equal', 0, 1, 0),
      end,
      storeScratch('A', 3),
      jumpIf('equal', 0, 1, 0),
      end,
      loadScratch('A', 3),
      end,
    ],
  },
  {
    name: 'reading, behind a ret, what the ways into the ret did not write',
    program: [jumpIf('equal', 0, 0, 2), storeScratch('A', 3), jump(1), end, loadScratch('A', 3), end],
    message: 'instruction 4: M[3] is read but not written on every way to here',
  },
];

describe('the rules for classic programs', () => {
  for (const { name, program, message } of cases) {
    it(`${message === undefined ? 'allow' : 'forbid'} ${name}`, () => {
      if (message === undefined) expect(check(program)).to.equal(undefined);
      else expect(() => requireValid(program)).to.throw(InvalidProgramError, message);
    });
  }

  describe('are those of the kernel', () => {
    let machine: ClassicKernel;

    before(async function () {
      machine = await openClassicKernel(this);
    });

    for (const { name, program, message } of cases) {
      it(name, () => {
        expect(machine.takes(program)).to.equal(message === undefined);
      });
    }

    it('for random instructions', () => {
      const instruction = fc.oneof(randomInstruction(), randomRawInstruction().map(decode));
      const program = fc.array(instruction, { maxLength: 6 }).map((list) => [...list, end]);
      fc.assert(
        fc.property(program, (instructions) => {
          expect(machine.takes(instructions)).to.equal(check(instructions) === undefined);
        }),
        { numRuns: 10_000 },
      );
    });

    it('for every code', () => {
      for (let code = 0; code <= 0x1ff; code++) {
        const instructions = [decode({ code, jt: 0, jf: 0, k: 1 }), storeScratch('A', 1), end];
        const withWrites = [storeScratch('A', 1), ...instructions];
        expect(machine.takes(withWrites), `code 0x${code.toString(16)}`).to.equal(check(withWrites) === undefined);
      }
    });

    it('for programs that read and write M[] around jumps', () => {
      fc.assert(
        fc.property(randomProgram(), fc.nat(3), (instructions, kept) => {
          const program = instructions.slice(kept);
          expect(machine.takes(program)).to.equal(check(program) === undefined);
        }),
        { numRuns: 5000 },
      );
    });
  });
});

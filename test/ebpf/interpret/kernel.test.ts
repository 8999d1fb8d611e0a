import { expect } from 'chai';
import fc, { type Arbitrary } from 'fast-check';
import { add, be16, be32, be64, lsh, mov, neg, neg32, rsh, xor } from '../../../src/ebpf/alu.ts';
import { disassemble } from '../../../src/ebpf/disassemble.ts';
import type { Instruction, MemorySize, Register } from '../../../src/ebpf/instruction.ts';
import { createInterpreter, interpret } from '../../../src/ebpf/interpret/interpret.ts';
import { exitProgram, jumpIf, jumpIf32, label } from '../../../src/ebpf/jump.ts';
import { load, loadImmediate64, store } from '../../../src/ebpf/memory.ts';
import type { Program } from '../../../src/ebpf/program.ts';
import { wholePacket } from '../../../src/ir/packet.ts';
import { testRun } from '../../../src/kernel/bpf/test-run.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { load as loadProgram } from '../../../src/loader/load.ts';
import { openRealKernel } from '../../support/real-kernel.ts';
import { aluOperators, conditions, randomImmediate } from '../random-program.ts';

/** Registers that the random code works on; r6–r9 and r0 as well as r1–r5, for nothing is called. */
const registers: readonly Register[] = ['r0', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9'];
const packet = new Uint8Array(64);

describe('the eBPF interpreter and the kernel', () => {
  let kernel: Kernel;

  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('agree on arithmetic, byte order, memory and jumps', () => {
    fc.assert(
      fc.property(fc.array(number64(), { minLength: 9, maxLength: 9 }), randomCode(), (numbers, code) => {
        const program = programOf(numbers, code);
        expect(inInterpreter(program), disassemble(program.instructions)).to.equal(inKernel(kernel, program));
      }),
      { numRuns: 400 },
    );
  });
});

function number64(): Arbitrary<bigint> {
  return fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.constantFrom(0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n),
  );
}

/** Groups of instructions that the verifier takes wherever they stand. */
function randomCode(): Arbitrary<readonly Instruction[]> {
  const register = fc.constantFrom(...registers);
  const width = fc.constantFrom<64 | 32>(64, 32);
  const alu = fc
    .tuple(fc.constantFrom(...aluOperators), width, register, fc.oneof(register, randomImmediate()))
    .map(([operator, bits, destination, source]): Instruction[] => {
      const isShift = operator === 'lsh' || operator === 'rsh' || operator === 'arsh';
      const isDivision = operator === 'div' || operator === 'mod';
      // Impossible immediate operands are refused.
      const shiftBy = isShift && typeof source === 'number' ? Math.abs(source % bits) : source;
      const operand = isDivision && shiftBy === 0 ? 1 : shiftBy;
      return [{ kind: 'alu', operator, width: bits, destination, source: operand }];
    });
  const unary = fc
    .tuple(fc.constantFrom(neg, neg32, be16, be32, be64), register)
    .map(([make, destination]): Instruction[] => [make(destination)]);
  const swap = fc
    .tuple(fc.constantFrom<16 | 32 | 64>(16, 32, 64), register)
    .map(([bits, destination]): Instruction[] => [{ kind: 'byte-swap', order: 'le', bits, destination }]);
  const memory = fc
    .tuple(
      fc.constantFrom<MemorySize>(1, 2, 4, 8),
      fc.constantFrom<MemorySize>(1, 2, 4, 8),
      register,
      register,
      randomImmediate(),
    )
    .map(([stored, loaded, from, to, immediate]): Instruction[] => [
      store(8, 'r10', -8, immediate),
      store(stored, 'r10', -8, from),
      load(loaded, to, 'r10', -8),
    ]);
  const jump = fc
    .tuple(fc.constantFrom(...conditions), width, register, fc.oneof(register, randomImmediate()), register)
    .map(([condition, bits, left, right, changed]): Instruction[] => [
      (bits === 64 ? jumpIf : jumpIf32)(left, condition, right, ''),
      xor(changed, 0x5a5a),
      label(''),
    ]);
  return fc
    .array(fc.oneof({ weight: 5, arbitrary: alu }, unary, swap, memory, { weight: 2, arbitrary: jump }), {
      minLength: 1,
      maxLength: 25,
    })
    .map((groups) => groups.flatMap(named));
}

/** Each group that jumps gets a label of its own. */
function named(group: readonly Instruction[], index: number): readonly Instruction[] {
  return group.map((instruction) => {
    if (instruction.kind === 'label') return label(`after${index}`);
    return instruction.kind === 'jump-if' ? { ...instruction, target: `after${index}` } : instruction;
  });
}

/** Runs the code on given numbers, and returns all registers mixed into 32 bits. */
function programOf(numbers: readonly bigint[], code: readonly Instruction[]): Program {
  const setUp = registers.map((register, index) => loadImmediate64(register, numbers[index] as bigint));
  const mix = registers.flatMap((register): Instruction[] => [
    mov('r1', 'r0'),
    lsh('r1', 7),
    rsh('r0', 57),
    xor('r0', 'r1'),
    ...(register === 'r0' ? [] : [xor('r0', register), add('r0', register)]),
  ]);
  const fold = [mov('r1', 'r0'), rsh('r1', 32), xor('r0', 'r1')];
  const instructions = [...setUp, ...code, ...mix, ...fold, exitProgram];
  return { name: 'arithmetic', type: 'xdp', instructions, maps: [], license: 'GPL' };
}

function inInterpreter(program: Program): number {
  return interpret(createInterpreter(program), wholePacket(packet), { maps: new Map() }).returnValue >>> 0;
}

function inKernel(kernel: Kernel, program: Program): number {
  const loaded = loadProgram(kernel, program);
  try {
    return testRun(kernel, loaded.descriptor, { data: packet }).returnValue;
  } finally {
    loaded.close();
  }
}

import fc, { type Arbitrary } from 'fast-check';
import type { AluOperator, Condition, Instruction, MemorySize, Operand, Register } from '../../src/ebpf/instruction.ts';

/** Random well-formed instructions, for what does not care whether they make sense together. */

export const aluOperators: readonly AluOperator[] = [
  'mov',
  'add',
  'sub',
  'mul',
  'div',
  'mod',
  'or',
  'and',
  'xor',
  'lsh',
  'rsh',
  'arsh',
];

export const conditions: readonly Condition[] = ['==', '!=', '>', '>=', '<', '<=', '&', 's>', 's>=', 's<', 's<='];

const boundaries = [0, 1, -1, 2, 9, 10, 31, 32, 63, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, -0x80000000];

export function randomImmediate(): Arbitrary<number> {
  return fc.oneof(fc.constantFrom(...boundaries), fc.integer());
}

const register: Arbitrary<Register> = fc.constantFrom('r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9');
const operand: Arbitrary<Operand> = fc.oneof(register, randomImmediate());
const width = fc.constantFrom<64 | 32>(64, 32);
const size = fc.constantFrom<MemorySize>(1, 2, 4, 8);
const offset = fc.oneof(fc.integer({ min: -512, max: 512 }), fc.constantFrom(-32768, 32767));
const mapName = fc.constantFrom('counters', 'addresses');

/** @param labels for jumps */
export function randomInstruction(labels: readonly string[]): Arbitrary<Instruction> {
  const target = fc.constantFrom(...labels);
  return fc.oneof<Arbitrary<Instruction>[]>(
    fc.record({
      kind: fc.constant('alu'),
      operator: fc.constantFrom(...aluOperators),
      width,
      destination: register,
      source: operand,
    }),
    fc.record({ kind: fc.constant('neg'), width, destination: register }),
    fc.record({
      kind: fc.constant('byte-swap'),
      order: fc.constantFrom('be', 'le'),
      bits: fc.constantFrom<16 | 32 | 64>(16, 32, 64),
      destination: register,
    }),
    fc.record({ kind: fc.constant('load'), size, destination: register, base: register, offset }),
    fc.record({ kind: fc.constant('store'), size, base: register, offset, source: operand }),
    fc.record({
      kind: fc.constant('load-immediate'),
      destination: register,
      value: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    }),
    fc.record({ kind: fc.constant('load-map'), destination: register, map: mapName }),
    fc.record({ kind: fc.constant('load-map-value'), destination: register, map: mapName, offset: fc.nat(1000) }),
    fc.record({ kind: fc.constant('jump'), target }),
    fc.record({
      kind: fc.constant('jump-if'),
      condition: fc.constantFrom(...conditions),
      width,
      left: register,
      right: operand,
      target,
    }),
    fc.record({ kind: fc.constant('call-kernel'), function: fc.nat(100000) }),
    fc.record({ kind: fc.constant('call'), helper: fc.constantFrom(1, 2, 26, 188, 189, 200) }),
    fc.constant<Instruction>({ kind: 'exit' }),
  );
}

/** A program with its labels among the instructions. */
export function randomProgram(): Arbitrary<readonly Instruction[]> {
  return fc.integer({ min: 1, max: 4 }).chain((count) => {
    const labels = Array.from({ length: count }, (_, index) => `place${index}`);
    const block = fc.array(randomInstruction(labels), { minLength: 1, maxLength: 6 });
    return fc
      .array(block, { minLength: count, maxLength: count })
      .map((blocks) =>
        blocks.flatMap((instructions, index): Instruction[] => [
          { kind: 'label', name: labels[index] as string },
          ...instructions,
        ]),
      );
  });
}

export const randomProgramMaps: ReadonlyMap<string, number> = new Map([
  ['counters', 3],
  ['addresses', 70000],
]);

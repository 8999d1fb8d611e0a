import fc, { type Arbitrary } from 'fast-check';
import { extensions } from '../../src/cbpf/extension.ts';
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
  type Instruction,
} from '../../src/cbpf/instruction.ts';
import { aluOperations, conditions, loadSizes } from '../../src/cbpf/opcode.ts';
import type { RawInstruction } from '../../src/cbpf/program.ts';
import { randomNumber } from './random-graph.ts';

const size = fc.constantFrom(...loadSizes);
const register = fc.constantFrom('A' as const, 'X' as const);
const condition = fc.constantFrom(...conditions);
const operation = fc.constantFrom(...aluOperations);
const extension = fc.constantFrom(...extensions.map(({ name }) => name));
/** Numbers from 0xfffff000 on are extensions, which have an instruction of their own. */
const offset = randomNumber().filter((number) => number < 0xfffff000);
const skip = fc.oneof(fc.nat(4), fc.nat(255));

/** Any instruction but an `unknown` one, its numbers anything that can be encoded. */
export function randomInstruction(): Arbitrary<Instruction> {
  return fc.oneof<Arbitrary<Instruction>[]>(
    fc.tuple(offset, size).map(([at, bytes]) => loadAbsolute(at, bytes)),
    fc.tuple(randomNumber(), size).map(([at, bytes]) => loadIndirect(at, bytes)),
    randomNumber().map(loadMemShift),
    fc.tuple(register, randomNumber()).map(([to, value]) => loadImmediate(to, value)),
    register.map(loadLength),
    fc.tuple(register, fc.nat(17)).map(([to, cell]) => loadScratch(to, cell)),
    fc.tuple(extension, size).map(([name, bytes]) => loadExtension(name, bytes)),
    fc.tuple(register, fc.nat(17)).map(([from, cell]) => storeScratch(from, cell)),
    fc.tuple(operation, randomNumber()).map(([name, value]) => aluConstant(name, value)),
    operation.map(aluIndex),
    fc.constantFrom<Instruction>(negate, tax, txa, returnAccumulator),
    fc.oneof(fc.nat(9), randomNumber()).map(jump),
    fc.tuple(condition, randomNumber(), skip, skip).map(([name, value, yes, no]) => jumpIf(name, value, yes, no)),
    fc.tuple(condition, skip, skip).map(([name, yes, no]) => jumpIfIndex(name, yes, no)),
    randomNumber().map(returnConstant),
  );
}

/** Numbers that may or may not be an instruction. */
export function randomRawInstruction(): Arbitrary<RawInstruction> {
  const code = fc.oneof(fc.nat(0xff), fc.nat(0xffff));
  return fc.record({ code, jt: fc.nat(255), jf: fc.nat(255), k: randomNumber() });
}

/**
 * A program that the kernel takes and that has the same outcome in the kernel as in libpcap: indices are small and
 * shifts constant, for there the two machines differ.
 */
export function randomProgram(): Arbitrary<readonly Instruction[]> {
  const cell = fc.nat(3);
  const near = fc.nat(40);
  const fragment = fc.oneof<Arbitrary<readonly Instruction[]>[]>(
    fc.tuple(near, size).map(([at, bytes]) => [loadAbsolute(at, bytes)]),
    fc.tuple(near, size).map(([at, bytes]) => [txa, aluConstant('and', 31), tax, loadIndirect(at, bytes)]),
    near.map((at) => [loadMemShift(at)]),
    fc.tuple(register, randomNumber()).map(([to, value]) => [loadImmediate(to, value)]),
    register.map((to) => [loadLength(to)]),
    fc.tuple(register, cell).map(([to, number]) => [loadScratch(to, number)]),
    fc.tuple(register, cell).map(([from, number]) => [storeScratch(from, number)]),
    fc.tuple(operation, randomNumber()).map(([name, value]) => [aluConstant(name, legalOperand(name, value))]),
    operation.filter((name) => !name.startsWith('shift')).map((name) => [aluIndex(name)]),
    fc.constantFrom<readonly Instruction[]>([negate], [tax], [txa], [loadExtension('xor-index')]),
    fc.nat(3).map((distance) => [jump(distance)]),
    fc
      .tuple(condition, randomNumber(), fc.nat(4), fc.nat(4))
      .map(([name, value, yes, no]) => [jumpIf(name, value, yes, no)]),
    fc.tuple(condition, fc.nat(4), fc.nat(4)).map(([name, yes, no]) => [jumpIfIndex(name, yes, no)]),
  );
  const opening = [0, 1, 2, 3].map((number) => storeScratch('A', number));
  return fc
    .array(fragment, { minLength: 1, maxLength: 24 })
    .map((fragments) => [...opening, ...fragments.flat(), ...ending])
    .filter(keepsIndicesSmall);
}

/** No jump leads past the masking of an index: [x + k] wraps in the kernel and not in libpcap. */
function keepsIndicesSmall(program: readonly Instruction[]): boolean {
  return program.every((instruction, at) =>
    skipsOf(instruction).every((distance) => {
      const [target, next] = program.slice(at + 1 + distance);
      return target?.kind !== 'load-indirect' && !(target?.kind === 'tax' && next?.kind === 'load-indirect');
    }),
  );
}

function skipsOf(instruction: Instruction): readonly number[] {
  switch (instruction.kind) {
    case 'jump':
      return [instruction.skip];
    case 'jump-if':
    case 'jump-if-index':
      return [instruction.skipTrue, instruction.skipFalse];
    default:
      return [];
  }
}

/** Long enough for any jump of the program to end in. */
const ending: readonly Instruction[] = [1, 2, 3, 4, 5].map(returnConstant);

function legalOperand(name: string, value: number): number {
  if (name.startsWith('shift')) return value % 32;
  return value === 0 ? 1 : value;
}

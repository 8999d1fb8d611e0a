import { extensionAt, extensionBase, extensionFacts } from './extension.ts';
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
  unknown,
  type Instruction,
} from './instruction.ts';
import * as opcode from './opcode.ts';
import type { RawInstruction } from './program.ts';

/** Bytes of one `struct sock_filter`. */
export const rawInstructionSize = 8;

/**
 * The kernel's form of an instruction.
 * @throws RangeError where a number does not fit its field (a conditional jump skips at most 255 instructions)
 */
export function encode(instruction: Instruction): RawInstruction {
  switch (instruction.kind) {
    case 'load-absolute':
      return raw(opcode.classLoad | opcode.modeAbsolute | opcode.sizeBits[instruction.size], instruction.offset);
    case 'load-indirect':
      return raw(opcode.classLoad | opcode.modeIndirect | opcode.sizeBits[instruction.size], instruction.offset);
    case 'load-mem-shift':
      return raw(opcode.classLoadIndex | opcode.modeMemShift | opcode.sizeBits[1], instruction.offset);
    case 'load-immediate':
      return raw(loadClass[instruction.register] | opcode.modeImmediate, instruction.value);
    case 'load-length':
      return raw(loadClass[instruction.register] | opcode.modeLength, 0);
    case 'load-scratch':
      return raw(loadClass[instruction.register] | opcode.modeScratch, instruction.cell);
    case 'load-extension': {
      const code = opcode.classLoad | opcode.modeAbsolute | opcode.sizeBits[instruction.size];
      return raw(code, extensionBase + extensionFacts(instruction.extension).number);
    }
    case 'store-scratch':
      return raw(storeClass[instruction.register], instruction.cell);
    case 'alu-constant':
      return raw(opcode.classAlu | opcode.aluBits[instruction.operation], instruction.value);
    case 'alu-index':
      return raw(opcode.classAlu | opcode.aluBits[instruction.operation] | opcode.sourceIndex, 0);
    case 'negate':
      return raw(opcode.classAlu | opcode.operationNegate, 0);
    case 'tax':
      return raw(opcode.classTransfer, 0);
    case 'txa':
      return raw(opcode.classTransfer | opcode.transferToAccumulator, 0);
    case 'jump':
      return raw(opcode.classJump | opcode.operationJumpAlways, instruction.skip);
    case 'jump-if': {
      const code = opcode.classJump | opcode.conditionBits[instruction.condition];
      return raw(code, instruction.value, instruction.skipTrue, instruction.skipFalse);
    }
    case 'jump-if-index': {
      const code = opcode.classJump | opcode.conditionBits[instruction.condition] | opcode.sourceIndex;
      return raw(code, 0, instruction.skipTrue, instruction.skipFalse);
    }
    case 'return-constant':
      return raw(opcode.classReturn, instruction.value);
    case 'return-accumulator':
      return raw(opcode.classReturn | opcode.returnsAccumulator, 0);
    case 'unknown':
      return instruction.raw;
  }
}

const loadClass = { A: opcode.classLoad, X: opcode.classLoadIndex } as const;
const storeClass = { A: opcode.classStore, X: opcode.classStoreIndex } as const;

function raw(code: number, k: number, jt = 0, jf = 0): RawInstruction {
  requireRange('constant', k, 0xffffffff);
  requireRange('jump', jt, 0xff);
  requireRange('jump', jf, 0xff);
  return { code, jt, jf, k };
}

function requireRange(what: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  throw new RangeError(`${what} ${value} does not fit an instruction: 0 to ${most}`);
}

/**
 * The instruction that has these numbers. Numbers that no instruction encodes to (an unused field that is not 0 among
 * them) become an `unknown` one, so that `encode` always gives the same numbers back.
 */
export function decode(numbers: RawInstruction): Instruction {
  const instruction = meaningOf(numbers);
  const { jt, jf, k } = encode(instruction);
  return jt === numbers.jt && jf === numbers.jf && k === numbers.k ? instruction : unknown(numbers);
}

/**
 * What a machine takes numbers for: fields that the instruction does not use may hold anything. (libpcap's optimiser
 * leaves rests in them.)
 */
export function meaningOf(numbers: RawInstruction): Instruction {
  return decoders.get(numbers.code)?.(numbers) ?? unknown(numbers);
}

type Decoder = (numbers: RawInstruction) => Instruction;

/** One decoder for each code, found by encoding a sample of every instruction: the codes are written down once. */
const decoders: ReadonlyMap<number, Decoder> = new Map(
  allDecoders().map((decoder) => [encode(decoder({ code: 0, jt: 0, jf: 0, k: 0 })).code, decoder]),
);

function allDecoders(): readonly Decoder[] {
  return [
    ...opcode.loadSizes.flatMap((size): Decoder[] => [
      ({ k }) => {
        const extension = extensionAt(k);
        return extension === undefined ? loadAbsolute(k, size) : loadExtension(extension.name, size);
      },
      ({ k }) => loadIndirect(k, size),
    ]),
    ({ k }) => loadMemShift(k),
    ...(['A', 'X'] as const).flatMap((register): Decoder[] => [
      ({ k }) => loadImmediate(register, k),
      () => loadLength(register),
      ({ k }) => loadScratch(register, k),
      ({ k }) => storeScratch(register, k),
    ]),
    ...opcode.aluOperations.flatMap((operation): Decoder[] => [
      ({ k }) => aluConstant(operation, k),
      () => aluIndex(operation),
    ]),
    () => negate,
    () => tax,
    () => txa,
    ({ k }) => jump(k),
    ...opcode.conditions.flatMap((condition): Decoder[] => [
      ({ k, jt, jf }) => jumpIf(condition, k, jt, jf),
      ({ jt, jf }) => jumpIfIndex(condition, jt, jf),
    ]),
    ({ k }) => returnConstant(k),
    () => returnAccumulator,
  ];
}

/** An array of `struct sock_filter`. The kernel wants the byte order of the machine. */
export function encodeProgram(instructions: readonly Instruction[], littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(instructions.length * rawInstructionSize);
  const view = new DataView(bytes.buffer);
  instructions.forEach((instruction, index) => {
    const { code, jt, jf, k } = encode(instruction);
    const at = index * rawInstructionSize;
    view.setUint16(at, code, littleEndian);
    view.setUint8(at + 2, jt);
    view.setUint8(at + 3, jf);
    view.setUint32(at + 4, k, littleEndian);
  });
  return bytes;
}

/**
 * The instructions in an array of `struct sock_filter`.
 * @throws RangeError where the bytes end within an instruction
 */
export function decodeProgram(bytes: Uint8Array, littleEndian: boolean): readonly Instruction[] {
  if (bytes.length % rawInstructionSize !== 0) {
    throw new RangeError(`${bytes.length} bytes are no array of instructions of ${rawInstructionSize} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / rawInstructionSize }, (_, index) => {
    const at = index * rawInstructionSize;
    return decode({
      code: view.getUint16(at, littleEndian),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, littleEndian),
    });
  });
}

import type { AluOperator, Condition, MemorySize } from './instruction.ts';

/** The numbers of the instruction set (uapi/linux/bpf.h, bpf_common.h). An opcode is class | the rest. */
export const opcodeClass = {
  loadImmediate: 0x00,
  load: 0x01,
  storeImmediate: 0x02,
  store: 0x03,
  alu32: 0x04,
  jump64: 0x05,
  jump32: 0x06,
  alu64: 0x07,
} as const;

/** Or-ed to an operation whose operand is a register. */
export const sourceRegister = 0x08;

/** Addressing by register and offset, the only mode of loads and stores here. */
export const modeMemory = 0x60;

export const aluCodes: Readonly<Record<AluOperator, number>> = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  mod: 0x90,
  xor: 0xa0,
  mov: 0xb0,
  arsh: 0xc0,
};
export const negateCode = 0x80;
/** The byte swap; its bit `sourceRegister` means big-endian. */
export const swapCode = 0xd0;

export const conditionCodes: Readonly<Record<Condition, number>> = {
  '==': 0x10,
  '>': 0x20,
  '>=': 0x30,
  '&': 0x40,
  '!=': 0x50,
  's>': 0x60,
  's>=': 0x70,
  '<': 0xa0,
  '<=': 0xb0,
  's<': 0xc0,
  's<=': 0xd0,
};
export const jumpCode = 0x00;
export const callCode = 0x80;
export const exitCode = 0x90;

export const sizeCodes: Readonly<Record<MemorySize, number>> = { 4: 0x00, 2: 0x08, 1: 0x10, 8: 0x18 };

/** The one instruction of two slots: class ld, mode imm, size dw. */
export const loadImmediate64Code = 0x18;

/** What the source field of a call says: the number is that of a kernel function. */
export const pseudoKernelCall = 2;

/** What the source field of a 64-bit immediate load says about the number. */
export const pseudo = { number: 0, mapDescriptor: 1, mapValue: 2 } as const;

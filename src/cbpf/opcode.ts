import type { LoadSize } from '../ir/value.ts';
import type { AluOperation, Condition } from './instruction.ts';

/*
 * The bits of an instruction's code (linux/bpf_common.h): the class in the lowest three; above them size and mode of a
 * load, or operation and source of arithmetic and jumps.
 */
export const classLoad = 0x00;
export const classLoadIndex = 0x01;
export const classStore = 0x02;
export const classStoreIndex = 0x03;
export const classAlu = 0x04;
export const classJump = 0x05;
export const classReturn = 0x06;
export const classTransfer = 0x07;

export const modeImmediate = 0x00;
export const modeAbsolute = 0x20;
export const modeIndirect = 0x40;
export const modeScratch = 0x60;
export const modeLength = 0x80;
export const modeMemShift = 0xa0;

/** Set where the second operand is X. */
export const sourceIndex = 0x08;

export const operationNegate = 0x80;
export const operationJumpAlways = 0x00;
export const returnsAccumulator = 0x10;
export const transferToAccumulator = 0x80;

export const sizeBits: Readonly<Record<LoadSize, number>> = { 4: 0x00, 2: 0x08, 1: 0x10 };

export const aluBits: Readonly<Record<AluOperation, number>> = {
  add: 0x00,
  subtract: 0x10,
  multiply: 0x20,
  divide: 0x30,
  or: 0x40,
  and: 0x50,
  'shift-left': 0x60,
  'shift-right': 0x70,
  modulo: 0x90,
  xor: 0xa0,
};

export const conditionBits: Readonly<Record<Condition, number>> = {
  equal: 0x10,
  greater: 0x20,
  'greater-or-equal': 0x30,
  'any-bit': 0x40,
};

export const loadSizes: readonly LoadSize[] = [4, 2, 1];
export const aluOperations = Object.keys(aluBits) as readonly AluOperation[];
export const conditions = Object.keys(conditionBits) as readonly Condition[];

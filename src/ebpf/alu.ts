import type { Alu, AluOperator, ByteSwap, Negate, Operand, Register } from './instruction.ts';

/** Constructors of arithmetic, 64 bits wide, and with `32` in the name 32 bits wide (the upper half becomes 0). */
export const mov = alu64('mov');
export const add = alu64('add');
export const sub = alu64('sub');
export const mul = alu64('mul');
export const div = alu64('div');
export const mod = alu64('mod');
export const or = alu64('or');
export const and = alu64('and');
export const xor = alu64('xor');
export const lsh = alu64('lsh');
export const rsh = alu64('rsh');
export const arsh = alu64('arsh');

export const mov32 = alu32('mov');
export const add32 = alu32('add');
export const and32 = alu32('and');

/** 32-bit arithmetic by the operator's name. */
export function alu32Of(operator: AluOperator, destination: Register, source: Operand): Alu {
  return { kind: 'alu', operator, width: 32, destination, source };
}

export function neg(destination: Register): Negate {
  return { kind: 'neg', width: 64, destination };
}

export function neg32(destination: Register): Negate {
  return { kind: 'neg', width: 32, destination };
}

export function be16(destination: Register): ByteSwap {
  return { kind: 'byte-swap', order: 'be', bits: 16, destination };
}

export function be32(destination: Register): ByteSwap {
  return { kind: 'byte-swap', order: 'be', bits: 32, destination };
}

export function be64(destination: Register): ByteSwap {
  return { kind: 'byte-swap', order: 'be', bits: 64, destination };
}

function alu64(operator: AluOperator): (destination: Register, source: Operand) => Alu {
  return (destination, source) => ({ kind: 'alu', operator, width: 64, destination, source });
}

function alu32(operator: AluOperator): (destination: Register, source: Operand) => Alu {
  return (destination, source) => alu32Of(operator, destination, source);
}

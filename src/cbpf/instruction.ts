import type { LoadSize } from '../ir/value.ts';
import type { Span } from '../ir/span.ts';
import type { Extension } from './extension.ts';
import type { RawInstruction } from './program.ts';

/**
 * The machine: an accumulator A, an index register X and 16 cells of scratch memory M[], all 32 bits and unsigned; a
 * packet that can only be read; jumps that only go forward. A program ends with the number of bytes of the packet to
 * keep, 0 for none. A load outside the packet ends it with 0, and so does a division by an X of 0.
 *
 * A constructor makes each instruction; `raw.ts` knows the numbers behind them. Jumps count the instructions that they
 * skip: 0 goes on to the next one.
 */
export type Instruction =
  | LoadAbsolute
  | LoadIndirect
  | LoadMemShift
  | LoadImmediate
  | LoadLength
  | LoadScratch
  | LoadExtension
  | StoreScratch
  | AluConstant
  | AluIndex
  | Negate
  | TransferToIndex
  | TransferToAccumulator
  | Jump
  | JumpIf
  | JumpIfIndex
  | ReturnConstant
  | ReturnAccumulator
  | Unknown;

export type Register = 'A' | 'X';

export type AluOperation =
  'add' | 'subtract' | 'multiply' | 'divide' | 'modulo' | 'and' | 'or' | 'xor' | 'shift-left' | 'shift-right';

/** What a conditional jump asks: A equal to, greater than, not below the operand; or any common bit set in both. */
export type Condition = 'equal' | 'greater' | 'greater-or-equal' | 'any-bit';

interface Origin {
  /** The user's words that this instruction serves. */
  readonly span?: Span;
}

/** A = the big-endian number at a fixed offset. */
export interface LoadAbsolute extends Origin {
  readonly kind: 'load-absolute';
  readonly size: LoadSize;
  readonly offset: number;
}

/** A = the big-endian number at offset X + a constant. */
export interface LoadIndirect extends Origin {
  readonly kind: 'load-indirect';
  readonly size: LoadSize;
  readonly offset: number;
}

/** X = 4 × the lower four bits of the byte at a fixed offset: the length of an IPv4 header. */
export interface LoadMemShift extends Origin {
  readonly kind: 'load-mem-shift';
  readonly offset: number;
}

export interface LoadImmediate extends Origin {
  readonly kind: 'load-immediate';
  readonly register: Register;
  readonly value: number;
}

/** The packet's length on the wire. */
export interface LoadLength extends Origin {
  readonly kind: 'load-length';
  readonly register: Register;
}

export interface LoadScratch extends Origin {
  readonly kind: 'load-scratch';
  readonly register: Register;
  readonly cell: number;
}

/** A = something that the kernel knows beside the packet's bytes; the size changes the encoding, not the result. */
export interface LoadExtension extends Origin {
  readonly kind: 'load-extension';
  readonly extension: Extension;
  readonly size: LoadSize;
}

export interface StoreScratch extends Origin {
  readonly kind: 'store-scratch';
  readonly register: Register;
  readonly cell: number;
}

/** A = A operation constant. */
export interface AluConstant extends Origin {
  readonly kind: 'alu-constant';
  readonly operation: AluOperation;
  readonly value: number;
}

/** A = A operation X. */
export interface AluIndex extends Origin {
  readonly kind: 'alu-index';
  readonly operation: AluOperation;
}

/** A = −A. */
export interface Negate extends Origin {
  readonly kind: 'negate';
}

/** X = A. */
export interface TransferToIndex extends Origin {
  readonly kind: 'tax';
}

/** A = X. */
export interface TransferToAccumulator extends Origin {
  readonly kind: 'txa';
}

export interface Jump extends Origin {
  readonly kind: 'jump';
  readonly skip: number;
}

/** Compares A with a constant. */
export interface JumpIf extends Origin {
  readonly kind: 'jump-if';
  readonly condition: Condition;
  readonly value: number;
  readonly skipTrue: number;
  readonly skipFalse: number;
}

/** Compares A with X. */
export interface JumpIfIndex extends Origin {
  readonly kind: 'jump-if-index';
  readonly condition: Condition;
  readonly skipTrue: number;
  readonly skipFalse: number;
}

export interface ReturnConstant extends Origin {
  readonly kind: 'return-constant';
  readonly value: number;
}

export interface ReturnAccumulator extends Origin {
  readonly kind: 'return-accumulator';
}

/** A raw instruction that none of the others stands for, byte for byte. */
export interface Unknown extends Origin {
  readonly kind: 'unknown';
  readonly raw: RawInstruction;
}

export function loadAbsolute(offset: number, size: LoadSize): LoadAbsolute {
  return { kind: 'load-absolute', size, offset };
}

export function loadIndirect(offset: number, size: LoadSize): LoadIndirect {
  return { kind: 'load-indirect', size, offset };
}

export function loadMemShift(offset: number): LoadMemShift {
  return { kind: 'load-mem-shift', offset };
}

export function loadImmediate(register: Register, value: number): LoadImmediate {
  return { kind: 'load-immediate', register, value };
}

export function loadLength(register: Register): LoadLength {
  return { kind: 'load-length', register };
}

export function loadScratch(register: Register, cell: number): LoadScratch {
  return { kind: 'load-scratch', register, cell };
}

export function loadExtension(extension: Extension, size: LoadSize = 4): LoadExtension {
  return { kind: 'load-extension', extension, size };
}

export function storeScratch(register: Register, cell: number): StoreScratch {
  return { kind: 'store-scratch', register, cell };
}

export function aluConstant(operation: AluOperation, value: number): AluConstant {
  return { kind: 'alu-constant', operation, value };
}

export function aluIndex(operation: AluOperation): AluIndex {
  return { kind: 'alu-index', operation };
}

export const negate: Negate = { kind: 'negate' };
export const tax: TransferToIndex = { kind: 'tax' };
export const txa: TransferToAccumulator = { kind: 'txa' };

export function jump(skip: number): Jump {
  return { kind: 'jump', skip };
}

export function jumpIf(condition: Condition, value: number, skipTrue: number, skipFalse: number): JumpIf {
  return { kind: 'jump-if', condition, value, skipTrue, skipFalse };
}

export function jumpIfIndex(condition: Condition, skipTrue: number, skipFalse: number): JumpIfIndex {
  return { kind: 'jump-if-index', condition, skipTrue, skipFalse };
}

export function returnConstant(value: number): ReturnConstant {
  return { kind: 'return-constant', value };
}

export const returnAccumulator: ReturnAccumulator = { kind: 'return-accumulator' };

export function unknown(raw: RawInstruction): Unknown {
  return { kind: 'unknown', raw };
}

/** The same instruction, serving these words. */
export function withSpan<I extends Instruction>(instruction: I, span: Span | undefined): I {
  return span === undefined ? instruction : { ...instruction, span };
}

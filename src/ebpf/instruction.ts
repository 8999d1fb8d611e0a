import type { Span } from '../ir/span.ts';

/**
 * eBPF instructions with names instead of numbers. Registers are words (`'r1'`) and immediates numbers, so an operand
 * that may be either is told apart by its type. Jumps name labels; `layout.ts` turns them into distances.
 *
 * What a reader may want to look up is in the kernel's Documentation/bpf/standardization/instruction-set.rst. Only what
 * Linux 6.1 takes is here (cpu v3): no `gotol`, no sign-extending loads, no `bswap`.
 */
export type Instruction =
  | Alu
  | Negate
  | ByteSwap
  | LoadMemory
  | StoreMemory
  | LoadImmediate64
  | LoadMap
  | LoadMapValue
  | LoadKernelFunction
  | Jump
  | JumpIf
  | Call
  | CallKernel
  | Exit
  | Label;

/** r0: result; r1–r5: arguments, lost in a call; r6–r9: kept over a call; r10: the frame pointer, read only. */
export type Register = 'r0' | 'r1' | 'r2' | 'r3' | 'r4' | 'r5' | 'r6' | 'r7' | 'r8' | 'r9' | 'r10';

/** A register or a signed 32-bit immediate (sign-extended where the operation is 64 bits wide). */
export type Operand = Register | number;

/** 32-bit operations clear the upper half of their destination. */
export type Width = 64 | 32;

/** Bytes of a memory access. */
export type MemorySize = 1 | 2 | 4 | 8;

interface Spanned {
  /** The stretch of a filter or policy that the instruction comes from. */
  readonly span?: Span;
}

export type AluOperator = 'mov' | 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'or' | 'and' | 'xor' | 'lsh' | 'rsh' | 'arsh';

export interface Alu extends Spanned {
  readonly kind: 'alu';
  readonly operator: AluOperator;
  readonly width: Width;
  readonly destination: Register;
  readonly source: Operand;
}

export interface Negate extends Spanned {
  readonly kind: 'neg';
  readonly width: Width;
  readonly destination: Register;
}

/** Converts the low `bits` to or from an order (on a little-endian host `be` swaps, `le` only truncates) and clears the rest. */
export interface ByteSwap extends Spanned {
  readonly kind: 'byte-swap';
  readonly order: 'be' | 'le';
  readonly bits: 16 | 32 | 64;
  readonly destination: Register;
}

/** `destination = *(base + offset)`, zero-extended. */
export interface LoadMemory extends Spanned {
  readonly kind: 'load';
  readonly size: MemorySize;
  readonly destination: Register;
  readonly base: Register;
  readonly offset: number;
  /** The member of a structure of the kernel that lies there: loaders of object files correct the offset by it. */
  readonly member?: KernelMember;
}

/** A 32-bit member of one of the kernel's structures. */
export interface KernelMember {
  readonly structure: string;
  readonly name: string;
}

/** `*(base + offset) = source`. */
export interface StoreMemory extends Spanned {
  readonly kind: 'store';
  readonly size: MemorySize;
  readonly base: Register;
  readonly offset: number;
  readonly source: Operand;
}

/** A 64-bit number; two slots. */
export interface LoadImmediate64 extends Spanned {
  readonly kind: 'load-immediate';
  readonly destination: Register;
  readonly value: bigint;
}

/** The address of a map, by the name that it has in the program; two slots. */
export interface LoadMap extends Spanned {
  readonly kind: 'load-map';
  readonly destination: Register;
  readonly map: string;
}

/** The address of byte `offset` of the only element of an array map; two slots. */
export interface LoadMapValue extends Spanned {
  readonly kind: 'load-map-value';
  readonly destination: Register;
  readonly map: string;
  readonly offset: number;
}

/** The address of a function of the kernel, which is 0 where the kernel has none of that name; two slots. */
export interface LoadKernelFunction extends Spanned {
  readonly kind: 'load-kernel-function';
  readonly destination: Register;
  readonly function: string;
}

export interface Jump extends Spanned {
  readonly kind: 'jump';
  readonly target: string;
}

/** `&` holds where the operands have a bit in common; `s…` compare as signed numbers. */
export type Condition = '==' | '!=' | '>' | '>=' | '<' | '<=' | '&' | 's>' | 's>=' | 's<' | 's<=';

export interface JumpIf extends Spanned {
  readonly kind: 'jump-if';
  readonly condition: Condition;
  readonly width: Width;
  readonly left: Register;
  readonly right: Operand;
  readonly target: string;
}

/** Calls a helper of the kernel by its number (`helper.ts`). */
export interface Call extends Spanned {
  readonly kind: 'call';
  readonly helper: number;
}

/**
 * Calls a function of the kernel (a kfunc): by its number in the kernel's BTF, or by its name, which loaders of object
 * files look up. Whom nobody looks up must not be reached.
 */
export interface CallKernel extends Spanned {
  readonly kind: 'call-kernel';
  readonly function: number | string;
}

export interface Exit extends Spanned {
  readonly kind: 'exit';
}

/** Names the place of the next instruction; takes no slot. */
export interface Label {
  readonly kind: 'label';
  readonly name: string;
}

/** 8-byte slots that an instruction takes in the kernel's numbering. */
export function slotsOf(instruction: Instruction): 0 | 1 | 2 {
  switch (instruction.kind) {
    case 'label':
      return 0;
    case 'load-immediate':
    case 'load-map':
    case 'load-map-value':
    case 'load-kernel-function':
      return 2;
    default:
      return 1;
  }
}

/** Whether the instruction after it is not reached through it. */
export function endsFlow(instruction: Instruction): boolean {
  return instruction.kind === 'exit' || instruction.kind === 'jump';
}

export function registerNumber(register: Register): number {
  return Number(register.slice(1));
}

const registers: readonly Register[] = ['r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10'];

/** @returns undefined for a number that no register has */
export function registerOf(number: number): Register | undefined {
  return registers[number];
}

import { anyNumber, rangeOf, type Range } from '../../ir/range.ts';
import type { Span } from '../../ir/span.ts';
import type { Value } from '../../ir/value.ts';
import type { VariableRanges } from '../../ir/variable-ranges.ts';
import { withSpan, type Condition, type Instruction, type Register } from '../instruction.ts';
import { labelled, plain, type Item, type Label } from './code.ts';
import { afterAssigning, holding, type Registers } from './contents.ts';
import { InexpressibleError } from './inexpressible.ts';
import type { Variables } from './variables.ts';

/** Where a program will run; sockets know metadata, and read indices from 2^31 on as negative numbers. */
export type Target = 'capture' | 'socket';

/** What selecting instructions keeps while it walks the graph. */
export interface Emitter {
  readonly target: Target;
  readonly variables: Variables;
  readonly items: Item[];
  /** Where a failing load leads: to the program's end. */
  readonly failure: Label;
  nextLabel: Label;
  /** The words of the node that is being selected. */
  span: Span | undefined;
  /** What the registers hold at the end of `items`. */
  registers: Registers;
  /** What is known of the variables' numbers there. */
  ranges: VariableRanges;
  /** Cells of M[] that nobody needs at the moment. */
  freeCells: readonly number[];
}

/** Appends an instruction; `learn` tells what a register holds then. */
export function emit(emitter: Emitter, instruction: Instruction): void {
  emitter.items.push(plain(withSpan(instruction, emitter.span)));
}

export function emitBranch(
  emitter: Emitter,
  condition: Condition,
  operand: number | 'X',
  whenTrue: Label,
  whenFalse: Label,
): void {
  emitter.items.push({ kind: 'branch', condition, operand, whenTrue, whenFalse, span: emitter.span });
}

export function newLabel(emitter: Emitter): Label {
  return emitter.nextLabel++;
}

export function emitLabel(emitter: Emitter, label: Label): void {
  emitter.items.push(labelled(label));
}

/** From now on a register holds a value, and nothing else that is known. */
export function learn(emitter: Emitter, register: Register, value: Value): void {
  emitter.registers = { ...emitter.registers, [register]: holding(value) };
}

/** From now on nothing is known of a register. */
export function forget(emitter: Emitter, register: Register): void {
  emitter.registers = { ...emitter.registers, [register]: new Map() };
}

/** A transfer: one register holds all that the other does. */
export function learnCopy(emitter: Emitter, to: Register, from: Register): void {
  emitter.registers = { ...emitter.registers, [to]: emitter.registers[from] };
}

export function learnAssigned(emitter: Emitter, index: number, register: Register): void {
  emitter.registers = afterAssigning(emitter.registers, index, register);
}

/** Bounds of a value, those of its variables included. */
export function boundsOf(emitter: Emitter, value: Value): Range {
  return rangeOf(value, (index) => emitter.ranges.get(index) ?? anyNumber);
}

/**
 * Lends a cell of M[] while `use` emits code.
 * @throws InexpressibleError where all are taken
 */
export function withCell(emitter: Emitter, use: (cell: number) => void): void {
  const { freeCells } = emitter;
  const [cell, ...rest] = freeCells;
  if (cell === undefined) throw new InexpressibleError({ kind: 'scratch' }, emitter.span);
  emitter.freeCells = rest;
  use(cell);
  emitter.freeCells = freeCells;
}

import type { MemorySize } from '../instruction.ts';
import { hasFragments } from '../kernel-context.ts';
import { readContext } from './context.ts';
import {
  expectNumber,
  held,
  InterpreterError,
  setNumber,
  setPointer,
  stackSize,
  type Held,
  type Machine,
} from './machine.ts';

/** `destination = *(base + offset)` */
export function loadMemory(
  machine: Machine,
  size: MemorySize,
  destination: number,
  base: number,
  offset: number,
): void {
  const at = (machine.low[base] as number) + offset;
  switch (machine.kind[base]) {
    case held.context:
      return readContext(machine, destination, at, size);
    case held.packet:
      if (at < 0 || at + size > machine.linear) {
        throw new InterpreterError(`bytes ${at} to ${at + size} are not directly readable`);
      }
      return loadBytes(machine, destination, machine.packet.bytes, at, size);
    case held.kernelContext:
      // The only field that programs ask for: whether there is more than what is directly readable.
      return setNumber(machine, destination, machine.linear < machine.packet.length ? hasFragments : 0, 0);
    case held.stack:
      return loadStack(machine, destination, at, size);
    case held.mapValue:
      return loadBytes(machine, destination, valueBytes(machine, base, at, size), at, size);
    default:
      throw new InterpreterError(`r${base} is no pointer that can be read through`);
  }
}

/** `*(base + offset) = source` of a register. */
export function storeRegister(machine: Machine, size: MemorySize, base: number, offset: number, source: number): void {
  if (machine.kind[source] !== held.number && machine.kind[base] === held.stack && size === 8) {
    spillPointer(machine, (machine.low[base] as number) + offset, source);
    return;
  }
  expectNumber(machine, source);
  storeNumber(machine, size, base, offset, machine.low[source] as number, machine.high[source] as number);
}

/** `*(base + offset) = number`, given as halves. */
export function storeNumber(
  machine: Machine,
  size: MemorySize,
  base: number,
  offset: number,
  low: number,
  high: number,
): void {
  const at = (machine.low[base] as number) + offset;
  const bytes = writableBytes(machine, base, at, size);
  for (let i = 0; i < size; i++) bytes[i] = i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4));
}

/** `size` bytes behind a pointer in a register, for a helper to read. */
export function readableBytes(machine: Machine, register: number, size: number): Uint8Array {
  const at = machine.low[register] as number;
  if (machine.kind[register] === held.stack) return stackBytes(machine, at, size);
  if (machine.kind[register] === held.mapValue) {
    return valueBytes(machine, register, at, size).subarray(at, at + size);
  }
  throw new InterpreterError(`r${register} is no buffer of ${size} bytes`);
}

/** `size` bytes behind a pointer in a register, to be overwritten. */
export function writableBuffer(machine: Machine, register: number, size: number): Uint8Array {
  return writableBytes(machine, register, machine.low[register] as number, size);
}

function writableBytes(machine: Machine, base: number, at: number, size: number): Uint8Array {
  if (machine.kind[base] === held.mapValue) return valueBytes(machine, base, at, size).subarray(at, at + size);
  if (machine.kind[base] !== held.stack)
    throw new InterpreterError(`r${base} is no pointer that can be written through`);
  expectStack(at, size);
  const start = at + stackSize;
  machine.stackWritten.fill(1, start, start + size);
  machine.spilled.fill(undefined, start >> 3, (start + size + 7) >> 3);
  return machine.stack.subarray(start, start + size);
}

function expectStack(at: number, size: number): void {
  if (at < -stackSize || at + size > 0) throw new InterpreterError(`${size} bytes at r10 ${at} are not on the stack`);
}

function stackBytes(machine: Machine, at: number, size: number): Uint8Array {
  expectStack(at, size);
  const start = at + stackSize;
  if (machine.stackWritten.subarray(start, start + size).includes(0)) {
    throw new InterpreterError(`${size} bytes at r10 ${at} were never written`);
  }
  return machine.stack.subarray(start, start + size);
}

function loadStack(machine: Machine, destination: number, at: number, size: MemorySize): void {
  const bytes = stackBytes(machine, at, size);
  const spilled = machine.spilled[(at + stackSize) >> 3];
  if (spilled === undefined) return loadBytes(machine, destination, bytes, 0, size);
  if (size !== 8) throw new InterpreterError(`a pointer lies on the stack at r10 ${at}`);
  setPointer(machine, destination, spilled.kind as Held, spilled.low, spilled.target);
}

function spillPointer(machine: Machine, at: number, source: number): void {
  expectStack(at, 8);
  const start = at + stackSize;
  if (start % 8 !== 0) throw new InterpreterError(`a pointer is stored at r10 ${at}, which is no multiple of 8`);
  if (machine.kind[source] === held.nothing) throw new InterpreterError(`r${source} was never written`);
  machine.stackWritten.fill(1, start, start + 8);
  machine.spilled[start >> 3] = {
    kind: machine.kind[source] as number,
    low: machine.low[source] as number,
    target: machine.target[source],
  };
}

function valueBytes(machine: Machine, register: number, at: number, size: number): Uint8Array {
  const value = machine.target[register] as Uint8Array;
  if (at < 0 || at + size > value.length) {
    throw new InterpreterError(`bytes ${at} to ${at + size} are outside a map value of ${value.length}`);
  }
  return value;
}

function loadBytes(machine: Machine, destination: number, bytes: Uint8Array, at: number, size: MemorySize): void {
  setNumber(machine, destination, wordOf(bytes, at, Math.min(size, 4)), size === 8 ? wordOf(bytes, at + 4, 4) : 0);
}

function wordOf(bytes: Uint8Array, at: number, size: number): number {
  let word = 0;
  for (let i = size - 1; i >= 0; i--) word = (word << 8) | (bytes[at + i] as number);
  return word;
}

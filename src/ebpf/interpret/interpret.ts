import type { Packet } from '../../ir/packet.ts';
import { encode } from '../encode.ts';
import type { MemorySize } from '../instruction.ts';
import {
  aluCodes,
  callCode,
  exitCode,
  jumpCode,
  opcodeClass,
  pseudo,
  pseudoKernelCall,
  sourceRegister,
  swapCode,
} from '../opcode.ts';
import type { MapSpec, Program, ProgramType } from '../program.ts';
import { calculate32, calculate64, calculate64Registers, swapBytes } from './alu.ts';
import { holds32, holds64, holdsForPointers } from './compare.ts';
import { callHelper, castContext } from './helper-calls.ts';
import { expectNumber, held, InterpreterError, setNumber, setPointer, stackSize, type Machine } from './machine.ts';
import { createMaps, type RuntimeMaps } from './maps.ts';
import { loadMemory, storeNumber, storeRegister } from './memory.ts';

/**
 * An interpreter of what we generate, stricter than a CPU: it throws where the kernel's verifier would have refused
 * the program (reading what was never written, bytes that no bounds check has shown, arithmetic on pointers).
 */
export interface Interpreter {
  readonly type: ProgramType;
  readonly maps: readonly MapSpec[];
  /** Each slot's opcode, registers, offset and immediate. */
  readonly code: Uint8Array;
  readonly destination: Uint8Array;
  readonly source: Uint8Array;
  readonly offset: Int16Array;
  readonly immediate: Int32Array;
}

export interface RunOptions {
  /** Bytes from the packet's start that are directly readable; all of them unless said. */
  readonly linear?: number;
  /** Packets that the packet stands for (`gso_segs`); 0, as for a plain one, unless said. */
  readonly segments?: number;
  /** As `createMaps` makes them; new ones unless said. */
  readonly maps?: RuntimeMaps;
  readonly jiffies?: bigint;
}

export interface Run {
  /** r0 at the end, as a signed 32-bit number. */
  readonly returnValue: number;
  /** Instructions executed. */
  readonly steps: number;
  /** The interface that bpf_redirect was called with. */
  readonly redirectedTo: number | undefined;
}

/** Prepares a program for many runs. @throws LayoutError, EncodeError */
export function createInterpreter(program: Program): Interpreter {
  const descriptors = new Map(program.maps.map(({ name }, index) => [name, index]));
  const bytes = encode(program.instructions, { maps: descriptors });
  const view = new DataView(bytes.buffer);
  const slots = bytes.length / 8;
  const each = <T>(read: (at: number) => T): T[] => Array.from({ length: slots }, (_, slot) => read(slot * 8));
  return {
    type: program.type,
    maps: program.maps,
    code: Uint8Array.from(each((at) => view.getUint8(at))),
    destination: Uint8Array.from(each((at) => view.getUint8(at + 1) & 0x0f)),
    source: Uint8Array.from(each((at) => view.getUint8(at + 1) >> 4)),
    offset: Int16Array.from(each((at) => view.getInt16(at + 2, true))),
    immediate: Int32Array.from(each((at) => view.getInt32(at + 4, true))),
  };
}

/** Runs a program once over a packet. @throws InterpreterError where the kernel would have refused the program */
export function run(program: Program, packet: Packet, options: RunOptions = {}): Run {
  return interpret(createInterpreter(program), packet, { maps: createMaps(program), ...options });
}

/** Runs a prepared program over a packet. @throws InterpreterError */
export function interpret(interpreter: Interpreter, packet: Packet, options: RunOptions & { maps: RuntimeMaps }): Run {
  const machine = start(interpreter, packet, options);
  const { code } = interpreter;
  let steps = 0;
  let slot = 0;
  for (;;) {
    if (slot >= code.length) throw new InterpreterError('the program runs off its end');
    steps++;
    if (code[slot] === (opcodeClass.jump64 | exitCode)) {
      expectNumber(machine, 0);
      return { returnValue: machine.low[0] as number, steps, redirectedTo: machine.redirectedTo };
    }
    slot = step(interpreter, machine, slot);
  }
}

function start(interpreter: Interpreter, packet: Packet, options: RunOptions & { maps: RuntimeMaps }): Machine {
  const machine: Machine = {
    low: new Int32Array(11),
    high: new Int32Array(11),
    kind: new Uint8Array(11),
    target: [],
    stack: new Uint8Array(stackSize),
    stackWritten: new Uint8Array(stackSize),
    spilled: [],
    type: interpreter.type,
    packet,
    linear: Math.min(options.linear ?? packet.bytes.length, packet.bytes.length),
    segments: options.segments ?? 0,
    maps: options.maps,
    jiffies: options.jiffies ?? 0n,
    redirectedTo: undefined,
  };
  setPointer(machine, 1, held.context, 0);
  setPointer(machine, 10, held.stack, 0);
  return machine;
}

/** @returns the slot to go on with */
function step(interpreter: Interpreter, machine: Machine, slot: number): number {
  const code = interpreter.code[slot] as number;
  switch (code & 0x07) {
    case opcodeClass.alu64:
    case opcodeClass.alu32:
      stepAlu(interpreter, machine, slot, code);
      return slot + 1;
    case opcodeClass.load: {
      const { destination, source, offset } = interpreter;
      const size = memorySize(code);
      loadMemory(machine, size, destination[slot] as number, source[slot] as number, offset[slot] as number);
      return slot + 1;
    }
    case opcodeClass.store: {
      const { destination, source, offset } = interpreter;
      const size = memorySize(code);
      storeRegister(machine, size, destination[slot] as number, offset[slot] as number, source[slot] as number);
      return slot + 1;
    }
    case opcodeClass.storeImmediate: {
      const base = interpreter.destination[slot] as number;
      const number = interpreter.immediate[slot] as number;
      storeNumber(machine, memorySize(code), base, interpreter.offset[slot] as number, number, number >> 31);
      return slot + 1;
    }
    case opcodeClass.loadImmediate:
      loadImmediate64(interpreter, machine, slot);
      return slot + 2;
    default:
      return stepJump(interpreter, machine, slot, code);
  }
}

function stepAlu(interpreter: Interpreter, machine: Machine, slot: number, code: number): void {
  const destination = interpreter.destination[slot] as number;
  const source = interpreter.source[slot] as number;
  const immediate = interpreter.immediate[slot] as number;
  const operation = code & 0xf0;
  const fromRegister = (code & sourceRegister) !== 0;
  if (operation === swapCode) return swapBytes(machine, destination, immediate, fromRegister);
  if ((code & 0x07) === opcodeClass.alu64) {
    if (fromRegister) calculate64Registers(machine, operation, destination, source);
    else calculate64(machine, operation, destination, immediate, immediate >> 31);
    return;
  }
  if (fromRegister) expectNumber(machine, source);
  if (operation !== aluCodes.mov) expectNumber(machine, destination);
  const right = fromRegister ? (machine.low[source] as number) : immediate;
  setNumber(machine, destination, calculate32(operation, machine.low[destination] as number, right), 0);
}

function stepJump(interpreter: Interpreter, machine: Machine, slot: number, code: number): number {
  const condition = code & 0xf0;
  const next = slot + 1;
  const target = next + (interpreter.offset[slot] as number);
  const is64 = (code & 0x07) === opcodeClass.jump64;
  if (is64 && condition === jumpCode) return target;
  if (is64 && condition === callCode) {
    if (interpreter.source[slot] === pseudoKernelCall) castContext(machine);
    else callHelper(machine, interpreter.immediate[slot] as number);
    return next;
  }
  const { low, high, kind } = machine;
  const left = interpreter.destination[slot] as number;
  const right = (code & sourceRegister) === 0 ? undefined : (interpreter.source[slot] as number);
  const immediate = interpreter.immediate[slot] as number;
  if (is64 && kind[left] !== held.number && kind[left] !== held.nothing) {
    return holdsForPointers(machine, condition, left, right) ? target : next;
  }
  expectNumber(machine, left);
  if (right !== undefined) expectNumber(machine, right);
  const rightLow = right === undefined ? immediate : (low[right] as number);
  const rightHigh = right === undefined ? immediate >> 31 : (high[right] as number);
  const taken = is64
    ? holds64(condition, low[left] as number, high[left] as number, rightLow, rightHigh)
    : holds32(condition, low[left] as number, rightLow);
  return taken ? target : next;
}

function loadImmediate64(interpreter: Interpreter, machine: Machine, slot: number): void {
  const { destination, source, immediate, maps } = interpreter;
  const register = destination[slot] as number;
  const low = immediate[slot] as number;
  const high = immediate[slot + 1] as number;
  if (source[slot] === pseudo.number) return setNumber(machine, register, low, high);
  const name = maps[low]?.name ?? '';
  const map = machine.maps.get(name);
  if (map === undefined) throw new InterpreterError(`there is no map ${name}`);
  if (source[slot] === pseudo.mapDescriptor) return setPointer(machine, register, held.map, 0, map);
  const value = map.lookup(new Uint8Array(map.spec.keySize));
  if (value === undefined) throw new InterpreterError(`map ${name} has no element`);
  setPointer(machine, register, held.mapValue, high, value);
}

function memorySize(code: number): MemorySize {
  return sizes[(code >> 3) & 3] as MemorySize;
}

/** By the two bits of the opcode. */
const sizes: readonly MemorySize[] = [4, 2, 1, 8];

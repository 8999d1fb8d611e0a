import type { Packet } from '../../ir/packet.ts';
import type { ProgramType } from '../program.ts';
import type { RuntimeMap, RuntimeMaps } from './maps.ts';

/** What a register holds. A pointer has its offset in `low` and what it points into in `target`. */
export const held = {
  nothing: 0,
  number: 1,
  context: 2,
  packet: 3,
  packetEnd: 4,
  stack: 5,
  map: 6,
  mapValue: 7,
  kernelContext: 8,
} as const;

export type Held = (typeof held)[keyof typeof held];

export const stackSize = 512;

/** The state of one run. 64-bit numbers are two 32-bit halves, for BigInt is ten times slower. */
export interface Machine {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly kind: Uint8Array;
  readonly target: (Uint8Array | RuntimeMap | undefined)[];
  readonly stack: Uint8Array;
  /** 1 for each byte of the stack that was written. */
  readonly stackWritten: Uint8Array;
  /** Pointers on the stack, by their 8-byte slot. */
  readonly spilled: (Spilled | undefined)[];
  readonly type: ProgramType;
  readonly packet: Packet;
  /** Bytes of the packet that are directly readable. */
  readonly linear: number;
  /** Packets that this one stands for (`gso_segs`). */
  readonly segments: number;
  readonly maps: RuntimeMaps;
  readonly jiffies: bigint;
  /** The interface given to bpf_redirect. */
  redirectedTo: number | undefined;
}

export interface Spilled {
  readonly kind: number;
  readonly low: number;
  readonly target: Uint8Array | RuntimeMap | undefined;
}

/** What the kernel's verifier would have refused, or a helper that the interpreter does not know. */
export class InterpreterError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InterpreterError';
  }
}

export function setNumber(machine: Machine, register: number, low: number, high: number): void {
  machine.kind[register] = held.number;
  machine.low[register] = low;
  machine.high[register] = high;
}

export function setPointer(
  machine: Machine,
  register: number,
  kind: Held,
  offset: number,
  target?: Uint8Array | RuntimeMap,
): void {
  machine.kind[register] = kind;
  machine.low[register] = offset;
  machine.high[register] = 0;
  machine.target[register] = target;
}

export function copyRegister(machine: Machine, destination: number, source: number): void {
  if (machine.kind[source] === held.nothing) throw new InterpreterError(`r${source} was never written`);
  machine.kind[destination] = machine.kind[source] as number;
  machine.low[destination] = machine.low[source] as number;
  machine.high[destination] = machine.high[source] as number;
  machine.target[destination] = machine.target[source];
}

/** @throws InterpreterError unless the register holds a number */
export function expectNumber(machine: Machine, register: number): void {
  if (machine.kind[register] === held.number) return;
  const what = machine.kind[register] === held.nothing ? 'was never written' : 'holds a pointer';
  throw new InterpreterError(`r${register} ${what}`);
}

import { helper, helperName } from '../helper.ts';
import { expectNumber, held, InterpreterError, setNumber, setPointer, type Machine } from './machine.ts';
import type { RuntimeMap } from './maps.ts';
import { readableBytes, writableBuffer } from './memory.ts';

const EFAULT = -14;
const EINVAL = -22;

/** Runs a helper: arguments in r1–r5, the answer in r0, nothing left in r1–r5. */
export function callHelper(machine: Machine, number: number): void {
  const run = helpers.get(number);
  if (run === undefined) {
    throw new InterpreterError(`the interpreter does not know the helper ${helperName(number) ?? number}`);
  }
  run(machine);
  machine.kind.fill(held.nothing, 1, 6);
}

/** The only kernel function that programs call: the context as the kernel's own structure. */
export function castContext(machine: Machine): void {
  if (machine.kind[1] !== held.context) throw new InterpreterError('r1 does not hold the context');
  setPointer(machine, 0, held.kernelContext, 0);
  machine.kind.fill(held.nothing, 1, 6);
}

const helpers: ReadonlyMap<number, (machine: Machine) => void> = new Map([
  [helper.mapLookup, lookup],
  [helper.mapUpdate, update],
  [helper.mapDelete, remove],
  [helper.redirect, redirect],
  [helper.skbLoadBytes, (machine) => loadBytes(machine, 0x7fffffff)],
  [helper.xdpLoadBytes, (machine) => loadBytes(machine, 0xffff)],
  [helper.xdpGetBufferLength, bufferLength],
  [helper.jiffies64, jiffies],
]);

function mapIn(machine: Machine, register: number): RuntimeMap {
  if (machine.kind[register] !== held.map) throw new InterpreterError(`r${register} holds no map`);
  return machine.target[register] as RuntimeMap;
}

function lookup(machine: Machine): void {
  const map = mapIn(machine, 1);
  const key = readableBytes(machine, 2, map.spec.keySize);
  if (map.innerMaps !== undefined) {
    const inner = map.innerMaps[new DataView(key.buffer, key.byteOffset).getUint32(0, true)];
    if (inner === undefined) setNumber(machine, 0, 0, 0);
    else setPointer(machine, 0, held.map, 0, inner);
    return;
  }
  const value = map.lookup(key);
  if (value === undefined) setNumber(machine, 0, 0, 0);
  else setPointer(machine, 0, held.mapValue, 0, value);
}

function update(machine: Machine): void {
  const map = mapIn(machine, 1);
  const key = readableBytes(machine, 2, map.spec.keySize);
  const value = readableBytes(machine, 3, map.spec.valueSize);
  setResult(machine, map.update(key, value, argument(machine, 4)));
}

function remove(machine: Machine): void {
  const map = mapIn(machine, 1);
  setResult(machine, map.remove(readableBytes(machine, 2, map.spec.keySize)));
}

/** XDP_REDIRECT and TC_ACT_REDIRECT. */
const redirectCodes = { xdp: 4, 'sched-cls': 7 } as const;

function redirect(machine: Machine): void {
  machine.redirectedTo = argument(machine, 1);
  setResult(machine, redirectCodes[machine.type]);
}

/** Reads wherever the bytes lie: outside of what is directly readable, too. */
function loadBytes(machine: Machine, farthest: number): void {
  if (machine.kind[1] !== held.context) throw new InterpreterError('r1 does not hold the context');
  const offset = argument(machine, 2);
  const size = argument(machine, 4);
  const buffer = writableBuffer(machine, 3, size);
  const { bytes } = machine.packet;
  const fits = offset <= farthest && offset + size <= bytes.length;
  if (fits) buffer.set(bytes.subarray(offset, offset + size));
  setResult(machine, fits ? 0 : machine.type === 'xdp' ? EINVAL : EFAULT);
}

function bufferLength(machine: Machine): void {
  if (machine.kind[1] !== held.context) throw new InterpreterError('r1 does not hold the context');
  setNumber(machine, 0, machine.packet.length | 0, 0);
}

function jiffies(machine: Machine): void {
  const { jiffies: now } = machine;
  setNumber(machine, 0, Number(BigInt.asIntN(32, now)), Number(BigInt.asIntN(32, now >> 32n)));
}

/** A 32-bit argument. */
function argument(machine: Machine, register: number): number {
  expectNumber(machine, register);
  return (machine.low[register] as number) >>> 0;
}

function setResult(machine: Machine, result: number): void {
  setNumber(machine, 0, result, result < 0 ? -1 : 0);
}

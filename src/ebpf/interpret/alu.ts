import { aluCodes, negateCode } from '../opcode.ts';
import { copyRegister, expectNumber, held, InterpreterError, setNumber, setPointer, type Machine } from './machine.ts';

/** 32-bit arithmetic on numbers: the low halves in, the low half out. @param operation the high bits of the opcode */
export function calculate32(operation: number, left: number, right: number): number {
  switch (operation) {
    case aluCodes.add:
      return (left + right) | 0;
    case aluCodes.sub:
      return (left - right) | 0;
    case aluCodes.mul:
      return Math.imul(left, right);
    case aluCodes.div:
      return right === 0 ? 0 : ((left >>> 0) / (right >>> 0)) | 0;
    case aluCodes.mod:
      return right === 0 ? left : ((left >>> 0) % (right >>> 0)) | 0;
    case aluCodes.or:
      return left | right;
    case aluCodes.and:
      return left & right;
    case aluCodes.xor:
      return left ^ right;
    case aluCodes.lsh:
      return left << (right & 31);
    case aluCodes.rsh:
      return (left >>> (right & 31)) | 0;
    case aluCodes.arsh:
      return left >> (right & 31);
    case aluCodes.mov:
      return right;
    case negateCode:
      return -left | 0;
    default:
      throw new InterpreterError(`no arithmetic has the code 0x${operation.toString(16)}`);
  }
}

/** 64-bit arithmetic of `destination` and a number given as halves; pointers may be moved by numbers. */
export function calculate64(
  machine: Machine,
  operation: number,
  destination: number,
  rightLow: number,
  rightHigh: number,
): void {
  const { low, high, kind } = machine;
  if (operation === aluCodes.mov) return setNumber(machine, destination, rightLow, rightHigh);
  const leftLow = low[destination] as number;
  const leftHigh = high[destination] as number;
  if (kind[destination] !== held.number && kind[destination] !== held.nothing) {
    movePointer(machine, operation, destination, rightLow, rightHigh);
    return;
  }
  expectNumber(machine, destination);
  switch (operation) {
    case aluCodes.add: {
      const sum = (leftLow >>> 0) + (rightLow >>> 0);
      return setNumber(machine, destination, sum | 0, (leftHigh + rightHigh + (sum > 0xffffffff ? 1 : 0)) | 0);
    }
    case aluCodes.sub: {
      const borrow = leftLow >>> 0 < rightLow >>> 0 ? 1 : 0;
      return setNumber(machine, destination, (leftLow - rightLow) | 0, (leftHigh - rightHigh - borrow) | 0);
    }
    case aluCodes.or:
      return setNumber(machine, destination, leftLow | rightLow, leftHigh | rightHigh);
    case aluCodes.and:
      return setNumber(machine, destination, leftLow & rightLow, leftHigh & rightHigh);
    case aluCodes.xor:
      return setNumber(machine, destination, leftLow ^ rightLow, leftHigh ^ rightHigh);
    default: {
      const left = joined(leftLow, leftHigh);
      const result = calculateBig(operation, left, joined(rightLow, rightHigh));
      setNumber(machine, destination, Number(BigInt.asIntN(32, result)), Number(BigInt.asIntN(32, result >> 32n)));
    }
  }
}

/** The 64-bit operation of two registers, pointers included. */
export function calculate64Registers(machine: Machine, operation: number, destination: number, source: number): void {
  const { kind, low, target } = machine;
  if (operation === aluCodes.mov) return copyRegister(machine, destination, source);
  if (kind[source] === held.number) {
    calculate64(machine, operation, destination, low[source] as number, machine.high[source] as number);
    return;
  }
  const left = low[destination] as number;
  const right = low[source] as number;
  if (operation === aluCodes.add && kind[destination] === held.number && isMovable(kind[source] as number)) {
    const offset = offsetOf(left, machine.high[destination] as number);
    setPointer(machine, destination, held.packet, right + offset, target[source]);
    machine.kind[destination] = kind[source] as number;
    return;
  }
  if (operation === aluCodes.sub && kind[destination] === held.packet && isPacket(kind[source] as number)) {
    return setNumber(machine, destination, left - right, left < right ? -1 : 0);
  }
  if (operation === aluCodes.sub && kind[destination] === held.packetEnd && kind[source] === held.packet) {
    return setNumber(machine, destination, left - right, left < right ? -1 : 0);
  }
  throw new InterpreterError(`arithmetic on pointers in r${destination} and r${source}`);
}

function isMovable(kind: number): boolean {
  return kind === held.packet || kind === held.stack || kind === held.mapValue;
}

function isPacket(kind: number): boolean {
  return kind === held.packet || kind === held.packetEnd;
}

function movePointer(machine: Machine, operation: number, register: number, low: number, high: number): void {
  const isSum = operation === aluCodes.add || operation === aluCodes.sub;
  if (!isSum || !isMovable(machine.kind[register] as number)) {
    throw new InterpreterError(`arithmetic on the pointer in r${register}`);
  }
  const offset = offsetOf(low, high);
  machine.low[register] = (machine.low[register] as number) + (operation === aluCodes.add ? offset : -offset);
}

/** The verifier lets a pointer move by less than 2^29. */
function offsetOf(low: number, high: number): number {
  if (high !== low >> 31 || Math.abs(low) >= 2 ** 29) throw new InterpreterError('a pointer is moved too far');
  return low;
}

function joined(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function calculateBig(operation: number, left: bigint, right: bigint): bigint {
  switch (operation) {
    case aluCodes.mul:
      return left * right;
    case aluCodes.div:
      return right === 0n ? 0n : left / right;
    case aluCodes.mod:
      return right === 0n ? left : left % right;
    case aluCodes.lsh:
      return left << (right & 63n);
    case aluCodes.rsh:
      return left >> (right & 63n);
    case aluCodes.arsh:
      return BigInt.asIntN(64, left) >> (right & 63n);
    case negateCode:
      return -left;
    default:
      throw new InterpreterError(`no arithmetic has the code 0x${operation.toString(16)}`);
  }
}

/** Byte order conversion of the low `bits`; what is above them becomes 0. Hosts are little-endian. */
export function swapBytes(machine: Machine, register: number, bits: number, swap: boolean): void {
  expectNumber(machine, register);
  const low = machine.low[register] as number;
  const high = machine.high[register] as number;
  if (bits === 16) return setNumber(machine, register, swap ? reversed(low) >>> 16 : low & 0xffff, 0);
  if (bits === 32) return setNumber(machine, register, swap ? reversed(low) : low, 0);
  if (swap) setNumber(machine, register, reversed(high), reversed(low));
}

function reversed(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

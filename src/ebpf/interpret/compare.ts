import { conditionCodes } from '../opcode.ts';
import { held, InterpreterError, type Machine } from './machine.ts';

/** Whether a jump is taken. @param condition the high bits of the opcode */
export function holds32(condition: number, left: number, right: number): boolean {
  switch (condition) {
    case conditionCodes['==']:
      return left === right;
    case conditionCodes['!=']:
      return left !== right;
    case conditionCodes['&']:
      return (left & right) !== 0;
    case conditionCodes['>']:
      return left >>> 0 > right >>> 0;
    case conditionCodes['>=']:
      return left >>> 0 >= right >>> 0;
    case conditionCodes['<']:
      return left >>> 0 < right >>> 0;
    case conditionCodes['<=']:
      return left >>> 0 <= right >>> 0;
    case conditionCodes['s>']:
      return left > right;
    case conditionCodes['s>=']:
      return left >= right;
    case conditionCodes['s<']:
      return left < right;
    case conditionCodes['s<=']:
      return left <= right;
    default:
      throw new InterpreterError(`no condition has the code 0x${condition.toString(16)}`);
  }
}

/** The same of 64-bit numbers, given as halves. */
export function holds64(
  condition: number,
  leftLow: number,
  leftHigh: number,
  rightLow: number,
  rightHigh: number,
): boolean {
  switch (condition) {
    case conditionCodes['==']:
      return leftLow === rightLow && leftHigh === rightHigh;
    case conditionCodes['!=']:
      return leftLow !== rightLow || leftHigh !== rightHigh;
    case conditionCodes['&']:
      return (leftLow & rightLow) !== 0 || (leftHigh & rightHigh) !== 0;
    default:
      // Where the high halves are equal the low ones decide, unsigned.
      if (leftHigh !== rightHigh) return holds32(condition, leftHigh, rightHigh);
      return holds32(unsignedOf(condition), leftLow, rightLow);
  }
}

function unsignedOf(condition: number): number {
  switch (condition) {
    case conditionCodes['s>']:
      return conditionCodes['>'];
    case conditionCodes['s>=']:
      return conditionCodes['>='];
    case conditionCodes['s<']:
      return conditionCodes['<'];
    case conditionCodes['s<=']:
      return conditionCodes['<='];
    default:
      return condition;
  }
}

/** Pointers are compared by their offsets in the packet, or with 0, which none of them is. */
export function holdsForPointers(
  machine: Machine,
  condition: number,
  left: number,
  right: number | undefined,
): boolean {
  const { kind, low } = machine;
  if (right === undefined) {
    if (condition === conditionCodes['==']) return false;
    if (condition === conditionCodes['!=']) return true;
    throw new InterpreterError(`the pointer in r${left} is compared with a number`);
  }
  const isPacket = (register: number): boolean => kind[register] === held.packet || kind[register] === held.packetEnd;
  if (!isPacket(left) || !isPacket(right)) throw new InterpreterError(`r${left} and r${right} cannot be compared`);
  return holds32(condition, low[left] as number, low[right] as number);
}

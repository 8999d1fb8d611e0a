import { calculate, type Value } from './value.ts';

/** The least and greatest number that a value can be, both included. */
export interface Range {
  readonly least: number;
  readonly greatest: number;
}

/** What nothing is known of. */
export const anyNumber: Range = { least: 0, greatest: 0xffff_ffff };

/**
 * Bounds of a value from its shape alone; exact enough for offsets (`14 + 4 * (byte & 15)`), wide where in doubt.
 * @param rangeOfVariable what is known of a variable; by default nothing
 */
export function rangeOf(value: Value, rangeOfVariable: (index: number) => Range = () => anyNumber): Range {
  switch (value.kind) {
    case 'constant':
      return { least: value.value, greatest: value.value };
    case 'load':
      return { least: 0, greatest: 2 ** (8 * value.size) - 1 };
    case 'metadata':
      return rangeOfMetadata(value.field);
    case 'length':
    case 'lookup':
      return anyNumber;
    case 'variable':
      return rangeOfVariable(value.index);
    case 'binary': {
      const left = rangeOf(value.left, rangeOfVariable);
      const right = rangeOf(value.right, rangeOfVariable);
      return rangeOfBinary(value.operator, left, right);
    }
  }
}

function rangeOfMetadata(field: string): Range {
  switch (field) {
    case 'vlan-present':
    case 'direction-outgoing':
      return { least: 0, greatest: 1 };
    case 'vlan-tci':
    case 'vlan-protocol':
      return { least: 0, greatest: 0xffff };
    default:
      return anyNumber;
  }
}

function rangeOfBinary(operator: string, left: Range, right: Range): Range {
  switch (operator) {
    case 'add':
      return withinWord(left.least + right.least, left.greatest + right.greatest);
    case 'subtract':
      return withinWord(left.least - right.greatest, left.greatest - right.least);
    case 'multiply':
      return withinWord(left.least * right.least, left.greatest * right.greatest);
    case 'and':
      return { least: 0, greatest: Math.min(left.greatest, right.greatest) };
    case 'modulo':
      return { least: 0, greatest: Math.min(left.greatest, Math.max(right.greatest - 1, 0)) };
    case 'divide':
    case 'shift-right':
      return { least: 0, greatest: left.greatest };
    case 'shift-left': {
      if (right.least !== right.greatest || right.least > 31) return anyNumber;
      const factor = 2 ** right.least;
      return withinWord(left.least * factor, left.greatest * factor);
    }
    case 'or':
    case 'xor':
      return { least: 0, greatest: onesCovering(Math.max(left.greatest, right.greatest)) };
    default:
      return anyNumber;
  }
}

/** Arithmetic that can wrap may give anything. */
function withinWord(least: number, greatest: number): Range {
  return least < 0 || greatest > anyNumber.greatest ? anyNumber : { least, greatest };
}

/** The least 2^n − 1 that is not below a number. */
function onesCovering(number: number): number {
  return number === 0 ? 0 : 2 ** (32 - Math.clz32(number)) - 1;
}

/** A constant's number, or that of an operation on constants. */
export function constantOf(value: Value): number | undefined {
  if (value.kind === 'constant') return value.value;
  if (value.kind !== 'binary') return undefined;
  const left = constantOf(value.left);
  const right = constantOf(value.right);
  return left === undefined || right === undefined ? undefined : calculate(value.operator, left, right);
}

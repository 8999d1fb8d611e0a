import { rebuild, type Node } from '../graph.ts';
import { rangeOf } from '../range.ts';
import { compare, equal, type CompareOperator, type Test } from '../test.ts';
import { add, binary, bitAnd, constant, operandsOf, type Binary, type Value } from '../value.ts';

/**
 * Tests that need less arithmetic: what is done to a value with a constant is undone on the constant it is compared
 * with, remainders and quotients of powers of two are masks and shifts, differences compared with 0 are comparisons.
 */
export function reduceArithmetic(entry: Node): Node {
  return rebuild(entry, (node) => {
    if (node.kind !== 'test') return node;
    const test = reduceTest(node.test);
    return test === node.test ? node : { ...node, test };
  });
}

function reduceTest(test: Test): Test {
  for (;;) {
    const reduced = reduceOnce(test);
    if (reduced === undefined) return test;
    test = reduced;
  }
}

function reduceOnce(test: Test): Test | undefined {
  if (test.kind === 'present') return undefined;
  if (test.kind === 'any-bit') {
    const value = reduceValue(test.value);
    return value === undefined ? undefined : { ...test, value };
  }
  const { operator, left, right } = test;
  const value = reduceValue(left);
  if (value !== undefined) return { ...test, left: value };
  if (right.kind !== 'constant' || left.kind !== 'binary') return undefined;
  if (left.right.kind === 'constant') return undo(operator, left, left.right.value, right.value);
  // a − b = 0 is a = b, and a − b − c = 0 is a = c + b, modulo 2^32.
  if (operator !== 'equal' || right.value !== 0 || left.operator !== 'subtract') return undefined;
  const { left: whole, right: part } = left;
  if (whole.kind !== 'binary' || whole.operator !== 'subtract' || whole.right.kind === 'constant') {
    return equal(whole, part);
  }
  return equal(whole.left, add(part, whole.right));
}

/** Less work for the same number, if there is. */
function reduceValue(value: Value): Value | undefined {
  if (value.kind !== 'binary') return undefined;
  const { operator, left, right } = value;
  if (right.kind === 'constant') {
    const power = exponentOf(right.value);
    if (operator === 'modulo' && power !== undefined) return bitAnd(left, right.value - 1);
    if (operator === 'divide' && power !== undefined) return binary('shift-right', left, constant(power));
    if (operator === 'and' && coversAll(left, right.value)) return left;
  }
  const [first, second] = operandsOf(value).map(reduceValue) as [Value | undefined, Value | undefined];
  if (first === undefined && second === undefined) return undefined;
  return binary(operator, first ?? left, second ?? right);
}

/** If the number is a power of two: which. */
function exponentOf(number: number): number | undefined {
  const exponent = 31 - Math.clz32(number);
  return number !== 0 && (number & (number - 1)) === 0 ? exponent : undefined;
}

/** Whether a mask keeps every bit that the value can have. */
function coversAll(value: Value, mask: number): boolean {
  const { greatest } = rangeOf(value);
  const bits = greatest === 0 ? 0 : 2 ** (32 - Math.clz32(greatest)) - 1;
  return (mask & bits) >>> 0 === bits;
}

const last = 0xffff_ffff;

/** `value operator number` where the value is `left shifted by` something. */
function undo(operator: CompareOperator, value: Binary, distance: number, number: number): Test | undefined {
  if (distance === 0 || distance > 31) return undefined;
  const factor = 2 ** distance;
  const inner = value.left;
  if (value.operator === 'shift-right') {
    // Not less than the next greater number: then the bits shifted out do not matter.
    const least = operator === 'greater' ? number + 1 : number;
    if (least * factor > last) return undefined;
    if (operator === 'equal') return equal(maskedAgain(inner, last - factor + 1), least * factor);
    return compare('greater-or-equal', inner, least * factor);
  }
  if (value.operator === 'shift-left' && operator === 'equal') {
    if (number % factor !== 0 || rangeOf(inner).greatest * factor > last) return undefined;
    return equal(inner, number / factor);
  }
  return undefined;
}

function maskedAgain(value: Value, mask: number): Value {
  if (value.kind !== 'binary' || value.operator !== 'and' || value.right.kind !== 'constant')
    return bitAnd(value, mask);
  return bitAnd(value.left, value.right.value & mask);
}

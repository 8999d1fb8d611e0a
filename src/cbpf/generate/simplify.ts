import { rebuild, type Node } from '../../ir/graph.ts';
import { decide, valuesOf, withValues } from '../../ir/test.ts';
import { add, binary, canFail, load, operandsOf, type Value } from '../../ir/value.ts';

/**
 * From here on an offset is never inside a packet: packets are shorter than 2^31 bytes (an skb counts its length in a
 * signed int), and the kernel takes greater offsets for negative ones, which mean its extensions (SKF_AD_OFF and
 * friends in linux/filter.h).
 */
export const endOfOffsets = 0x80000000;

/**
 * The same outcomes without what instructions have no form for: tests whose answer is known, loads that always fail,
 * divisions by a constant 0, operations on two constants, edges that no failure takes.
 */
export function simplify(entry: Node): Node {
  return rebuild(entry, simplifyNode);
}

function simplifyNode(node: Node): Node {
  switch (node.kind) {
    case 'test': {
      if (node.test.kind === 'present') return node;
      const values = valuesOf(node.test).map(fold);
      if (values.some(alwaysFails)) return node.whenFailing;
      const [first, second] = values as [Value, Value];
      if (first.kind !== 'constant' || second.kind !== 'constant') {
        const test = withValues(node.test, values);
        return values.some(canFail) ? { ...node, test } : { ...node, test, whenFailing: node.whenTrue };
      }
      return decide(node.test, first.value, second.value, 0) ? node.whenTrue : node.whenFalse;
    }
    case 'assign': {
      const value = fold(node.value);
      if (alwaysFails(value)) return node.whenFailing;
      return canFail(value) ? { ...node, value } : { ...node, value, whenFailing: node.next };
    }
    case 'count':
    case 'exit':
      return node;
  }
}

function fold(value: Value): Value {
  switch (value.kind) {
    case 'load':
      return load(fold(value.offset), value.size);
    case 'binary':
      return binary(value.operator, fold(value.left), fold(value.right));
    default:
      return value;
  }
}

function alwaysFails(value: Value): boolean {
  if (value.kind === 'load' && value.offset.kind === 'constant' && value.offset.value >= endOfOffsets) return true;
  if (value.kind === 'binary' && (value.operator === 'divide' || value.operator === 'modulo')) {
    if (value.right.kind === 'constant' && value.right.value === 0) return true;
  }
  return operandsOf(value).some(alwaysFails);
}

/** An offset as something computed plus a constant, modulo 2^32: the two halves of `[x + k]`. */
export interface SplitOffset {
  readonly base: Value;
  readonly displacement: number;
}

export function splitOffset(offset: Value): SplitOffset {
  let base = offset;
  let displacement = 0;
  while (base.kind === 'binary') {
    const { operator, left, right } = base;
    if (operator === 'add' && left.kind === 'constant') {
      displacement += left.value;
      base = right;
    } else if (operator === 'add' && right.kind === 'constant') {
      displacement += right.value;
      base = left;
    } else if (operator === 'subtract' && right.kind === 'constant') {
      displacement -= right.value;
      base = left;
    } else {
      break;
    }
    displacement >>>= 0;
  }
  return { base, displacement };
}

/** The halves put together again. */
export function joinOffset({ base, displacement }: SplitOffset): Value {
  return add(base, displacement);
}

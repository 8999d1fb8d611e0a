import { rangeOf } from '../../ir/range.ts';
import { valueKey, type Value } from '../../ir/value.ts';

/** The largest number that the address arithmetic of the fast path deals with: the verifier forgets a packet pointer
 * whose offset could be above 65,535, and an instruction's own offset has 15 bits. */
export const farthest = 0x7fff;

/**
 * Where a load reads: `displacement` bytes behind `base`, a value known only at run time (none: the packet's start).
 * Split only where the sum cannot wrap at 32 bits.
 */
export interface Address {
  readonly base: Value | undefined;
  readonly displacement: number;
}

export function addressOf(offset: Value): Address {
  if (offset.kind === 'constant') return { base: undefined, displacement: offset.value };
  if (offset.kind === 'binary' && offset.operator === 'add') {
    const { left, right } = offset;
    if (right.kind === 'constant') return withDisplacement(offset, addressOf(left), right.value);
    if (left.kind === 'constant') return withDisplacement(offset, addressOf(right), left.value);
  }
  return { base: offset, displacement: 0 };
}

function withDisplacement(whole: Value, address: Address, more: number): Address {
  const displacement = address.displacement + more;
  const highest = (address.base === undefined ? 0 : rangeOf(address.base).greatest) + displacement;
  return highest <= 0xffffffff ? { base: address.base, displacement } : { base: whole, displacement: 0 };
}

/**
 * An upper bound of a value that the kernel's verifier also finds by itself. It follows masks, shifts and sums, but
 * forgets all about a register whose bytes were swapped and, before Linux 6.x, about a variable on the stack.
 */
export function verifiableMaximumOf(value: Value): number {
  switch (value.kind) {
    case 'constant':
      return value.value;
    case 'load':
      return value.size === 1 ? 0xff : 0xffffffff;
    case 'binary': {
      const left = verifiableMaximumOf(value.left);
      const right = value.right;
      if (value.operator === 'and') return Math.min(left, verifiableMaximumOf(right));
      if (value.operator === 'add') return Math.min(left + verifiableMaximumOf(right), 0xffffffff);
      if (right.kind !== 'constant' || right.value > 31) return 0xffffffff;
      if (value.operator === 'shift-left') return Math.min(left * 2 ** right.value, 0xffffffff);
      if (value.operator === 'shift-right') return Math.floor(left / 2 ** right.value);
      return 0xffffffff;
    }
    default:
      return 0xffffffff;
  }
}

/** A text that is equal for equal bases and no others; the packet's start is the empty text. */
export function baseKey(base: Value | undefined): string {
  return base === undefined ? '' : valueKey(base);
}

import type { StackFrame } from './stack-frame.ts';

/**
 * Where a variable of the graph lives, on both paths: in the upper half of an 8-byte slot, where the verifier does not
 * follow what was stored. Where it does, in lower halves, it remembers that two registers differ by a constant, and
 * then refuses `packet + variable + 2^29` ("pkt pointer offset is not allowed", Linux 6.18), whatever is checked.
 * @throws StackExhaustedError
 */
export function variableSlot(frame: StackFrame, index: number): number {
  return frame.slot(`variable ${index}`, 8) + 4;
}

/** Whether a value's key (`valueKey`) contains a variable. */
export function mentionsVariable(key: string, index: number): boolean {
  return new RegExp(`\\bv${index}\\b`).test(key);
}

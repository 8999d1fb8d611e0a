import type { StackFrame } from './stack-frame.ts';

/** Where a variable of the graph lives, on both paths. @throws StackExhaustedError */
export function variableSlot(frame: StackFrame, index: number): number {
  return frame.slot(`variable ${index}`, 4);
}

/** Whether a value's key (`valueKey`) contains a variable. */
export function mentionsVariable(key: string, index: number): boolean {
  return new RegExp(`\\bv${index}\\b`).test(key);
}

import type { Call, CallKernel, Condition, Exit, Jump, JumpIf, Label, Operand, Register } from './instruction.ts';

export function label(name: string): Label {
  return { kind: 'label', name };
}

/** `goto target` */
export function jump(target: string): Jump {
  return { kind: 'jump', target };
}

/** `if left condition right goto target`, 64 bits wide. */
export function jumpIf(left: Register, condition: Condition, right: Operand, target: string): JumpIf {
  return { kind: 'jump-if', condition, width: 64, left, right, target };
}

/** `if left condition right goto target`, of the low 32 bits. */
export function jumpIf32(left: Register, condition: Condition, right: Operand, target: string): JumpIf {
  return { kind: 'jump-if', condition, width: 32, left, right, target };
}

export function call(helper: number): Call {
  return { kind: 'call', helper };
}

export function callKernel(kernelFunction: number | string): CallKernel {
  return { kind: 'call-kernel', function: kernelFunction };
}

export const exitProgram: Exit = { kind: 'exit' };

/** The condition that holds where the given one does not; `&` has none. */
export function negate(condition: Exclude<Condition, '&'>): Condition {
  return negations[condition];
}

const negations: Readonly<Record<Exclude<Condition, '&'>, Condition>> = {
  '==': '!=',
  '!=': '==',
  '>': '<=',
  '>=': '<',
  '<': '>=',
  '<=': '>',
  's>': 's<=',
  's>=': 's<',
  's<': 's>=',
  's<=': 's>',
};

import { operandsOf, valueKey, variable, type Value } from '../../ir/value.ts';

/** Values that a register is known to hold, all equal at this moment; none: it may hold anything. */
export type Contents = ReadonlyMap<string, Value>;

export interface Registers {
  readonly A: Contents;
  readonly X: Contents;
}

const nothing: Contents = new Map();

/** What is known where a program begins. */
export const nothingKnown: Registers = { A: nothing, X: nothing };

export function holds(contents: Contents, value: Value): boolean {
  return contents.size > 0 && contents.has(valueKey(value));
}

export function holding(value: Value): Contents {
  return new Map([[valueKey(value), value]]);
}

/** What is known where two ways meet. `undefined`: no way has come here yet. */
export function meet(known: Registers | undefined, other: Registers): Registers {
  return known === undefined ? other : { A: common(known.A, other.A), X: common(known.X, other.X) };
}

function common(known: Contents, other: Contents): Contents {
  return known === other ? known : new Map([...known].filter(([key]) => other.has(key)));
}

/** After a variable got the value that a register holds: what was said in terms of its old value is void. */
export function afterAssigning(registers: Registers, index: number, register: 'A' | 'X'): Registers {
  const kept = { A: withoutVariable(registers.A, index), X: withoutVariable(registers.X, index) };
  const stored = variable(index);
  return { ...kept, [register]: new Map([...kept[register], [valueKey(stored), stored]]) };
}

function withoutVariable(contents: Contents, index: number): Contents {
  return new Map([...contents].filter(([, value]) => !reads(value, index)));
}

function reads(value: Value, index: number): boolean {
  if (value.kind === 'variable') return value.index === index;
  return operandsOf(value).some((operand) => reads(operand, index));
}

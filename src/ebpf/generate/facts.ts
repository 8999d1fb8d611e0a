import type { Register } from '../instruction.ts';
import { mentionsVariable } from './variable.ts';

/** What a register holds: a computed value, or the pointer `packet + base` with the bytes known readable behind it. */
export type Holding =
  | { readonly kind: 'value'; readonly key: string }
  | { readonly kind: 'pointer'; readonly key: string; readonly readable: number };

/** What is known at one place of the fast path, whichever way led there. */
export interface Facts {
  /** Bytes from the packet's start that are directly readable. */
  readable: number;
  /** The longest unused first. */
  readonly holdings: Map<Register, Holding>;
}

export function noFacts(): Facts {
  return { readable: 0, holdings: new Map() };
}

export function copyFacts(facts: Facts): Facts {
  return { readable: facts.readable, holdings: new Map(facts.holdings) };
}

/**
 * What holds where two ways meet. Values are forgotten: a register compared with constants on the way here would make
 * the verifier follow every outcome by itself, and reloading is one instruction. Pointers carry no such knowledge.
 */
export function meetFacts(first: Facts, second: Facts): Facts {
  const holdings = new Map<Register, Holding>();
  for (const [register, holding] of first.holdings) {
    const other = second.holdings.get(register);
    if (holding.kind !== 'pointer' || other?.kind !== 'pointer' || other.key !== holding.key) continue;
    holdings.set(register, { ...holding, readable: Math.min(holding.readable, other.readable) });
  }
  return { readable: Math.min(first.readable, second.readable), holdings };
}

/** After an assignment: whatever was computed from the old value of the variable is worthless. */
export function forgetVariable(facts: Facts, index: number): void {
  for (const [register, { key }] of facts.holdings) {
    if (mentionsVariable(key, index)) facts.holdings.delete(register);
  }
}

export function forgetRegisters(facts: Facts, registers: readonly Register[]): void {
  for (const register of registers) facts.holdings.delete(register);
}

import type { Instruction } from './instruction.ts';
import { label } from './jump.ts';

/** Gives names to places that jumps name by a number. */
export interface JumpTargets {
  /** The label of a slot. */
  labelOf(slot: number): string;
  /** Puts the labels between instructions whose slots are known, or tells a slot at which no instruction begins. */
  placeAmong(
    statements: readonly { readonly slot: number; readonly instruction: Instruction }[],
    end: number,
  ):
    | { readonly kind: 'placed'; readonly instructions: readonly Instruction[] }
    | { readonly kind: 'missing'; readonly slot: number };
}

/** @param prefix what the labels begin with, before the number */
export function jumpTargets(prefix: string): JumpTargets {
  const wanted = new Set<number>();
  const nameOf = (slot: number): string => `${prefix}${slot}`;
  return {
    labelOf(slot) {
      wanted.add(slot);
      return nameOf(slot);
    },
    placeAmong(statements, end) {
      const left = new Set(wanted);
      const instructions: Instruction[] = [];
      for (const { slot, instruction } of statements) {
        if (left.delete(slot)) instructions.push(label(nameOf(slot)));
        instructions.push(instruction);
      }
      if (left.delete(end)) instructions.push(label(nameOf(end)));
      const [missing] = left;
      return missing === undefined ? { kind: 'placed', instructions } : { kind: 'missing', slot: missing };
    },
  };
}

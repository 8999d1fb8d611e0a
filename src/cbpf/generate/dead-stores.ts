import type { Instruction } from '../instruction.ts';
import type { Item, Label } from './code.ts';

/** Leaves out stores whose cell nobody reads before it is written again: a register held the value all along. */
export function removeDeadStores(items: readonly Item[]): readonly Item[] {
  const neededAt = new Map<Label, number>();
  const kept: Item[] = [];
  // One bit per cell of M[]. All jumps lead forward, so that one walk from the end knows them all.
  let needed = 0;
  for (const item of items.toReversed()) {
    switch (item.kind) {
      case 'label':
        neededAt.set(item.label, needed);
        break;
      case 'go-to':
        needed = neededAt.get(item.target) as number;
        break;
      case 'branch':
        needed = (neededAt.get(item.whenTrue) as number) | (neededAt.get(item.whenFalse) as number);
        break;
      case 'plain': {
        const { instruction } = item;
        if (instruction.kind === 'store-scratch' && (needed & bitOf(instruction)) === 0) continue;
        if (instruction.kind === 'store-scratch') needed &= ~bitOf(instruction);
        if (instruction.kind === 'load-scratch') needed |= bitOf(instruction);
      }
    }
    kept.push(item);
  }
  return kept.reverse();
}

function bitOf(instruction: Extract<Instruction, { kind: 'store-scratch' | 'load-scratch' }>): number {
  return 1 << instruction.cell;
}

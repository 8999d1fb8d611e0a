import { jump, jumpIf, jumpIfIndex, withSpan, type Instruction } from '../instruction.ts';
import type { Branch, Item, Label } from './code.ts';

/** Conditional jumps have 8 bits for each distance. */
const longestSkip = 255;

/**
 * Gives jumps their distances. The code is laid down from its end, so that the place of every target is known.
 *
 * A branch whose target is farther than 255 instructions goes to a stepping stone instead: a `ja`, or a copy of the
 * `ret` that it leads to. Stones stand right behind a branch, where no code falls into them, and serve all branches
 * that reach them. Copies of `ret` are only made where no program reads M[]: the kernel's check takes what is
 * unwritten before a `ret` for unwritten behind it.
 */
export function resolveJumps(items: readonly Item[]): readonly Instruction[] {
  const layout: Layout = { reversed: [], places: new Map(), nearest: new Map(), copyReturns: !readsScratch(items) };
  for (const item of items.toReversed()) {
    switch (item.kind) {
      case 'plain':
        layout.reversed.push(item.instruction);
        break;
      case 'label':
        layout.places.set(item.label, layout.reversed.length);
        layout.nearest.set(item.label, layout.reversed.length);
        break;
      case 'go-to':
        pushJump(layout, item.target);
        break;
      case 'branch':
        pushBranch(layout, item);
    }
  }
  return layout.reversed.reverse();
}

interface Layout {
  /** The program from its last instruction on. */
  readonly reversed: Instruction[];
  /** Where labels stand: how many instructions lie from there to the end. */
  readonly places: Map<Label, number>;
  /** Likewise, for the nearest stepping stone to a label. */
  readonly nearest: Map<Label, number>;
  readonly copyReturns: boolean;
}

function readsScratch(items: readonly Item[]): boolean {
  return items.some((item) => item.kind === 'plain' && item.instruction.kind === 'load-scratch');
}

function pushJump(layout: Layout, target: Label): void {
  const skip = layout.reversed.length - (layout.places.get(target) as number);
  if (skip > 0) layout.reversed.push(jump(skip));
}

function pushBranch(layout: Layout, { condition, operand, whenTrue, whenFalse, span }: Branch): void {
  const skipTo = (label: Label) => layout.reversed.length - (layout.nearest.get(label) as number);
  for (;;) {
    const far = [whenTrue, whenFalse].find((label) => skipTo(label) > longestSkip);
    if (far === undefined) break;
    pushStone(layout, far);
  }
  const [skipTrue, skipFalse] = [skipTo(whenTrue), skipTo(whenFalse)];
  const instruction =
    operand === 'X' ? jumpIfIndex(condition, skipTrue, skipFalse) : jumpIf(condition, operand, skipTrue, skipFalse);
  layout.reversed.push(withSpan(instruction, span));
}

function pushStone(layout: Layout, label: Label): void {
  const place = layout.places.get(label) as number;
  const target = layout.reversed[place - 1] as Instruction;
  const copies = layout.copyReturns && target.kind === 'return-constant';
  layout.reversed.push(copies ? target : jump(layout.reversed.length - place));
  layout.nearest.set(label, layout.reversed.length);
}

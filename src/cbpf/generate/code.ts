import type { Span } from '../../ir/span.ts';
import type { Condition, Instruction } from '../instruction.ts';

/** Code before its jumps have lengths. */
export type Item =
  /** Anything but a jump. */
  | { readonly kind: 'plain'; readonly instruction: Instruction }
  | Branch
  | GoTo
  | { readonly kind: 'label'; readonly label: Label };

/** A conditional jump; never falls through. */
export interface Branch {
  readonly kind: 'branch';
  readonly condition: Condition;
  readonly operand: number | 'X';
  readonly whenTrue: Label;
  readonly whenFalse: Label;
  readonly span: Span | undefined;
}

export interface GoTo {
  readonly kind: 'go-to';
  readonly target: Label;
}

/** A place in the code. Jumps only lead forward to it. */
export type Label = number;

export function plain(instruction: Instruction): Item {
  return { kind: 'plain', instruction };
}

export function goTo(target: Label): GoTo {
  return { kind: 'go-to', target };
}

export function labelled(label: Label): Item {
  return { kind: 'label', label };
}

/** Where an item may lead, other than to the next one. */
export function targetsOf(item: Item): readonly Label[] {
  if (item.kind === 'branch') return [item.whenTrue, item.whenFalse];
  return item.kind === 'go-to' ? [item.target] : [];
}

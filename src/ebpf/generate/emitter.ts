import type { Span } from '../../ir/span.ts';
import type { Instruction } from '../instruction.ts';
import { label } from '../jump.ts';

/** Collects instructions; each gets the span that is current when it is emitted. */
export interface Emitter {
  readonly instructions: Instruction[];
  /** How many conditional jumps were emitted. */
  readonly conditionalJumps: number;
  /** From here on, instructions belong to this stretch of the source. */
  at(span: Span | undefined): void;
  emit(...instructions: readonly Instruction[]): void;
  place(labelName: string): void;
  /** A label that nothing else has. */
  freshLabel(): string;
}

export function createEmitter(): Emitter {
  const instructions: Instruction[] = [];
  let current: Span | undefined;
  let labels = 0;
  let conditionalJumps = 0;
  return {
    instructions,
    get conditionalJumps() {
      return conditionalJumps;
    },
    at(span) {
      current = span;
    },
    emit(...added) {
      for (const instruction of added) {
        if (instruction.kind === 'jump-if') conditionalJumps++;
        instructions.push(
          current === undefined || instruction.kind === 'label' ? instruction : { ...instruction, span: current },
        );
      }
    },
    place(labelName) {
      instructions.push(label(labelName));
    },
    freshLabel() {
      return `l${labels++}`;
    },
  };
}

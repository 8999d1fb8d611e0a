import { verdictKey, type Verdict } from '../../ir/verdict.ts';
import { mov } from '../alu.ts';
import { helper } from '../helper.ts';
import type { HookShape } from '../hook-shape.ts';
import type { Register } from '../instruction.ts';
import { call, exitProgram } from '../jump.ts';
import { load } from '../memory.ts';
import type { Emitter } from './emitter.ts';

/** The ends of a program: each verdict has one that is jumped to. */
export interface Exits {
  /** The label of the verdict's end, which will be emitted. */
  labelOf(verdict: Verdict): string;
  /** Ends the program here. */
  emitHere(verdict: Verdict): void;
  /** Emits the ends that were jumped to. */
  emitAll(): void;
}

/**
 * The ends of one path; the twin has its own, so that no jump goes back over the whole fast path.
 * @param path a word for labels
 * @param context the register that holds the context at every exit which needs it
 */
export function createExits(emitter: Emitter, shape: HookShape, context: Register, path: string): Exits {
  const wanted = new Map<string, Verdict>();
  const labelOf = (verdict: Verdict): string => {
    const label = `${path}_${verdictKey(verdict).replace(/\W/g, '_')}`;
    wanted.set(label, verdict);
    return label;
  };
  const emitHere = (verdict: Verdict): void => {
    const exit = shape.exitOf(verdict);
    switch (exit.kind) {
      case 'code':
        emitter.emit(mov('r0', exit.code));
        break;
      case 'redirect':
        emitter.emit(mov('r1', exit.interfaceIndex), mov('r2', 0), call(helper.redirect));
        break;
      case 'reflect':
        emitter.emit(load(4, 'r1', context, exit.interfaceOffset), mov('r2', 0), call(helper.redirect));
    }
    emitter.emit(exitProgram);
  };
  return {
    labelOf,
    emitHere,
    emitAll() {
      emitter.at(undefined);
      for (const [label, verdict] of wanted) {
        emitter.place(label);
        emitHere(verdict);
      }
    },
  };
}

import type { Node } from '../../ir/graph.ts';
import type { Emitter } from './emitter.ts';

/**
 * How many conditional jumps stand on the longest way to a place. The verifier follows the way on before the jump and
 * refuses more than 8,192 jumps that wait for their turn (BPF_COMPLEXITY_LIMIT_JMP_SEQ).
 */
export interface WaitingJumps {
  /** The code of a node begins. */
  enter(node: Node): void;
  /** The code goes on to a node from here. */
  reach(node: Node): void;
  /** The longest way to here. */
  readonly count: number;
}

/** @param before for nodes that are reached from elsewhere, the longest way to them */
export function createWaitingJumps(emitter: Emitter, before: ReadonlyMap<Node, number> = new Map()): WaitingJumps {
  const longest = new Map(before);
  let atEntry = 0;
  let emittedBefore = 0;
  const count = (): number => atEntry + emitter.conditionalJumps - emittedBefore;
  return {
    get count() {
      return count();
    },
    enter(node) {
      atEntry = longest.get(node) ?? 0;
      emittedBefore = emitter.conditionalJumps;
    },
    reach(node) {
      longest.set(node, Math.max(longest.get(node) ?? 0, count()));
    },
  };
}

import type { Node } from '../../ir/graph.ts';
import type { Condition, Operand, Register } from '../instruction.ts';
import { jump, jumpIf32, negate } from '../jump.ts';
import type { Emitter } from './emitter.ts';
import type { Exits } from './exits.ts';
import type { WaitingJumps } from './waiting-jumps.ts';

/** How one of the two paths goes from node to node. */
export interface Edges {
  readonly emitter: Emitter;
  readonly exits: Exits;
  readonly waiting: WaitingJumps;
  /** Notes that the node is reached from here, and gives its label. */
  reach(node: Node): string;
  /** The node whose code comes next. */
  next: Node | undefined;
}

/** Goes on to a node: by falling into it, by ending here, or by a jump. */
export function goTo(edges: Edges, node: Node): void {
  if (node.kind === 'exit') {
    edges.exits.emitHere(node.verdict);
    return;
  }
  const label = edges.reach(node);
  if (node !== edges.next) edges.emitter.emit(jump(label));
}

/**
 * From this many jumps on, a long list is written so that the way that soon ends is the one that does not jump: the
 * verifier is through with it at once, and nothing waits. It costs each test a jump that is taken.
 */
const manyJumps = 6000;

function endsSoon(node: Node): boolean {
  return node.kind === 'exit' || (node.kind === 'count' && endsSoon(node.next));
}

/** Goes on to one of two nodes by comparing 32-bit numbers. */
export function branch(
  edges: Edges,
  left: Register,
  condition: Extract<Condition, '==' | '>' | '>=' | '<' | '<=' | '&'>,
  right: Operand,
  whenTrue: Node,
  whenFalse: Node,
): void {
  if (edges.waiting.count > manyJumps && condition !== '&' && endsSoon(whenTrue) && !endsSoon(whenFalse)) {
    edges.emitter.emit(jumpIf32(left, negate(condition), right, edges.reach(whenFalse)));
    goTo(edges, whenTrue);
    return;
  }
  if (whenTrue === edges.next && whenTrue !== whenFalse && condition !== '&') {
    edges.emitter.emit(jumpIf32(left, negate(condition), right, edges.reach(whenFalse)));
    edges.reach(whenTrue);
    return;
  }
  if (whenTrue !== whenFalse) edges.emitter.emit(jumpIf32(left, condition, right, edges.reach(whenTrue)));
  goTo(edges, whenFalse);
}

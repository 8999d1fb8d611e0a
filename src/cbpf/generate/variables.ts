import { successorsOf, type Node } from '../../ir/graph.ts';
import { valuesOf } from '../../ir/test.ts';
import { operandsOf, type Value } from '../../ir/value.ts';
import { scratchCells } from '../check.ts';
import { InexpressibleError } from './inexpressible.ts';

/** Which variables are needed after a node, and where all of them are kept. */
export interface Variables {
  /** The cell of M[] that holds a variable. */
  readonly cellOf: (index: number) => number;
  /** Whether a node behind this assignment reads it. */
  readonly isRead: (node: Node, index: number) => boolean;
  /** Cells that a node may use for itself. */
  readonly freeCells: (node: Node) => readonly number[];
}

/**
 * @param order topological
 * @throws InexpressibleError where more variables live at once than there are cells
 */
export function allocateVariables(order: readonly Node[]): Variables {
  const liveIn = liveVariables(order);
  const liveOut = (node: Node) => union(successorsOf(node).map((successor) => liveIn.get(successor) ?? none));
  const cells = allocateCells(order, liveOut);
  return {
    cellOf: (index) => cells.get(index) as number,
    isRead: (node, index) => liveOut(node).has(index),
    freeCells: (node) => {
      const assigned = node.kind === 'assign' ? [node.index] : [];
      const used = new Set([...(liveIn.get(node) ?? none), ...liveOut(node), ...assigned].map((i) => cells.get(i)));
      return allCells.filter((cell) => !used.has(cell));
    },
  };
}

type Live = ReadonlySet<number>;

const none: Live = new Set();
const allCells = Array.from({ length: scratchCells }, (_, cell) => cell);

function liveVariables(order: readonly Node[]): ReadonlyMap<Node, Live> {
  const liveIn = new Map<Node, Live>();
  for (const node of order.toReversed()) {
    const after = union(successorsOf(node).map((successor) => liveIn.get(successor) ?? none));
    const kept = node.kind === 'assign' && after.has(node.index) ? without(after, node.index) : after;
    const read = variablesRead(node);
    liveIn.set(node, read.length === 0 ? kept : new Set([...kept, ...read]));
  }
  return liveIn;
}

/** Sets are shared as long as they are equal: most graphs have no variables at all. */
function union(sets: readonly Live[]): Live {
  const [first = none, ...rest] = sets.filter((set) => set.size > 0);
  return rest.every((set) => set === first) ? first : new Set(sets.flatMap((set) => [...set]));
}

function without(set: Live, index: number): Live {
  return new Set([...set].filter((other) => other !== index));
}

function variablesRead(node: Node): readonly number[] {
  if (node.kind === 'test') return valuesOf(node.test).flatMap(variablesOf);
  return node.kind === 'assign' ? variablesOf(node.value) : [];
}

function variablesOf(value: Value): readonly number[] {
  return value.kind === 'variable' ? [value.index] : operandsOf(value).flatMap(variablesOf);
}

/** Colours the variables so that none is overwritten while it is needed. */
function allocateCells(order: readonly Node[], liveOut: (node: Node) => Live): ReadonlyMap<number, number> {
  const conflicts = new Map<number, Set<number>>();
  for (const node of order) {
    if (node.kind !== 'assign') continue;
    const own = conflicts.get(node.index) ?? new Set();
    conflicts.set(node.index, own);
    for (const other of liveOut(node)) {
      if (other === node.index) continue;
      own.add(other);
      conflicts.set(other, (conflicts.get(other) ?? new Set()).add(node.index));
    }
  }
  const cells = new Map<number, number>();
  for (const [index, others] of conflicts) {
    const taken = new Set([...others].map((other) => cells.get(other)));
    const cell = allCells.find((candidate) => !taken.has(candidate));
    if (cell === undefined) throw new InexpressibleError({ kind: 'scratch' });
    cells.set(index, cell);
  }
  return cells;
}

import { topologicalOrder, type Graph, type Node } from '../../ir/graph.ts';
import type { HookShape } from '../hook-shape.ts';
import type { Program } from '../program.ts';
import { tableMapSpec } from '../table-map.ts';
import { countersSpec } from './count.ts';
import { createEmitter } from './emitter.ts';
import { createExits } from './exits.ts';
import { emitFastPath } from './fast-path.ts';
import { createTableMaps, type TableShapes } from './lookup.ts';
import { choosePlan } from './registers.ts';
import { createStackFrame } from './stack-frame.ts';
import { emitTwin, type TwinEntry } from './twin.ts';

export interface GenerateOptions {
  /** An identifier of at most 15 characters. */
  readonly name: string;
  /** Entries of the map of counters, if there must be more than the graph counts in. */
  readonly counters?: number;
  /** What is wanted of tables, by their names. */
  readonly tables?: TableShapes;
}

/** Helpers marked GPL only are not called; the kernel still prints which licence a program has. */
const license = 'Dual MIT/GPL';

/**
 * The program of a graph at a hook: a fast path by direct packet access, and behind it the cold exact twin for
 * packets that are short or not directly readable.
 * @throws StackExhaustedError where the graph keeps more variables than fit on the stack
 */
export function generate(graph: Graph, shape: HookShape, options: GenerateOptions): Program {
  const nodes = topologicalOrder(graph.entry);
  const plan = choosePlan(nodes, shape);
  const emitter = createEmitter();
  const frame = createStackFrame();
  const tables = createTableMaps(nodes, options.tables);
  const entries = new Map<Node, TwinEntry>();
  const twinOf = (node: Node, jumps: number): string => {
    const known = entries.get(node);
    const label = known?.label ?? `twin${entries.size}`;
    entries.set(node, { label, jumps: Math.max(known?.jumps ?? 0, jumps) });
    return label;
  };

  const fastExits = createExits(emitter, shape, plan.context, 'exit');
  if (graph.entry.kind === 'exit') fastExits.emitHere(graph.entry.verdict);
  else emitFastPath(graph.entry, { emitter, shape, frame, tables, plan, exits: fastExits, twinOf });
  fastExits.emitAll();

  const twinStart = emitter.instructions.length;
  const twinExits = createExits(emitter, shape, plan.context, 'cold_exit');
  emitTwin(graph.entry, { emitter, shape, frame, tables, plan, exits: twinExits, entries });
  twinExits.emitAll();

  const counters = counterCounts(nodes).reduce((most, each) => Math.max(most, each), options.counters ?? 0);
  return {
    name: options.name,
    type: shape.type,
    instructions: emitter.instructions,
    twinStart,
    maps: [...(counters === 0 ? [] : [countersSpec(counters)]), ...tables.all.map(tableMapSpec)],
    tables: tables.all,
    license,
  };
}

/** For each count node, the least number of counters that makes room for it. */
function counterCounts(nodes: readonly Node[]): readonly number[] {
  return nodes.flatMap((node) => (node.kind === 'count' ? [node.counter + 1] : []));
}

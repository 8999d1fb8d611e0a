import { successorsOf, topologicalOrder, type Node } from '../ir/graph.ts';
import type { TableReference } from '../ir/table.ts';
import type { MetadataField } from '../ir/value.ts';
import type { Verdict } from '../ir/verdict.ts';
import { certainReach } from './reach.ts';
import { statementsOf, type Declarations } from './statement.ts';

/**
 * A graph as JavaScript source: the body of a function `(tables, references)` that returns a `BatchFunction`.
 *
 * The graph only goes forward, so it needs no `goto`: in topological order, every node that is jumped to gets a block
 * that ends just before it, all opened at the front (`L9: { L4: { … break L9; … } node 4 … } node 9`). A small graph
 * stands inside the loop over the packets. A large one is cut into functions of `nodesPerFunction` nodes, which the
 * engine still compiles to machine code (V8 gives up at 60 kB of byte code), each told at which node to go on.
 *
 * No text of a user gets here: the source is made of the fixed words below and of numbers.
 *
 * @param outcomeOf the number, below 65,535, to write for a verdict
 */
export function generate(entry: Node, outcomeOf: (verdict: Verdict) => number): GeneratedSource {
  const order = topologicalOrder(entry);
  const nodes = order.filter((node) => node.kind !== 'exit');
  const whole = nodes.length <= nodesPerFunction;
  const declarations: Declarations = { temporaries: 0, columns: new Map(), tables: [] };
  const positions = new Map(nodes.map((node, position) => [node, position]));
  const context: PieceContext = {
    entry,
    positions,
    entered: enteredFromOtherPieces(positions),
    certain: certainReach(order),
    outcomeOf,
    declarations,
    leave: whole ? inLoop : inFunction,
  };
  const bodies = piecesOf(nodes).map((piece) => bodyOf(piece, context));
  const variables = new Set(nodes.flatMap((node) => (node.kind === 'assign' ? [node.index] : [])));
  const names: Names = {
    variables: [...variables].map((index) => `x${index}`),
    temporaries: Array.from({ length: declarations.temporaries }, (_, index) => `t${index}`),
    columns: declarations.columns,
  };
  const source = whole ? loopAround(bodies[0] as string, names) : loopOverFunctions(bodies, names);
  return { source, references: declarations.tables };
}

export interface GeneratedSource {
  readonly source: string;
  /** The tables that the source asks, as `references` by their place. */
  readonly references: readonly TableReference[];
}

/** Nodes in one function: some 20 kB of byte code, and a nesting that every JavaScript parser takes. */
export const nodesPerFunction = 400;

/** Nodes that stand in one function, by position in topological order without the exits. */
interface Piece {
  readonly first: number;
  readonly nodes: readonly Node[];
}

interface PieceContext {
  readonly entry: Node;
  readonly positions: ReadonlyMap<Node, number>;
  /** Positions that nodes of another piece jump to. */
  readonly entered: ReadonlySet<number>;
  readonly certain: ReadonlyMap<Node, number>;
  readonly outcomeOf: (verdict: Verdict) => number;
  readonly declarations: Declarations;
  readonly leave: Leave;
}

/** How the code around a piece is told what became of the packet, or where to go on. */
interface Leave {
  withOutcome(outcome: number): string;
  forNode(position: number): string;
}

const inLoop: Leave = {
  withOutcome: (outcome) => `{ outcomes[i] = ${outcome}; continue packets; }`,
  forNode: () => {
    throw new Error('a graph in one piece has no other piece to go to');
  },
};

/** A function gives the outcome, or the complement of the position to go on at. */
const inFunction: Leave = {
  withOutcome: (outcome) => `return ${outcome};`,
  forNode: (position) => `return ${~position};`,
};

function piecesOf(nodes: readonly Node[]): readonly Piece[] {
  const count = Math.max(1, Math.ceil(nodes.length / nodesPerFunction));
  return Array.from({ length: count }, (_, index) => {
    const first = index * nodesPerFunction;
    return { first, nodes: nodes.slice(first, first + nodesPerFunction) };
  });
}

function pieceOf(position: number): number {
  return Math.floor(position / nodesPerFunction);
}

function enteredFromOtherPieces(positions: ReadonlyMap<Node, number>): ReadonlySet<number> {
  const entered = new Set<number>();
  for (const [node, position] of positions) {
    for (const successor of successorsOf(node)) {
      const target = positions.get(successor);
      if (target !== undefined && pieceOf(target) !== pieceOf(position)) entered.add(target);
    }
  }
  return entered;
}

function bodyOf(piece: Piece, context: PieceContext): string {
  const { positions, entered, certain, outcomeOf, declarations, leave, entry } = context;
  const end = piece.first + piece.nodes.length;
  if (piece.nodes.length === 0 && entry.kind === 'exit') return leave.withOutcome(outcomeOf(entry.verdict));
  const labels = new Set<number>();

  const to = (target: Node): string => {
    if (target.kind === 'exit') return leave.withOutcome(outcomeOf(target.verdict));
    const position = positions.get(target) as number;
    if (position >= end) return leave.forNode(position);
    labels.add(position);
    return `break L${position};`;
  };
  const texts = piece.nodes.map((node, index) => {
    const following = piece.first + index + 1;
    const onTo = (target: Node): string => (positions.get(target) === following && following < end ? '' : to(target));
    return statementsOf(node, certain.get(node) as number, { to, onTo }, declarations);
  });

  const arms: string[] = [];
  for (let position = piece.first + 1; position < end; position++) {
    if (!entered.has(position)) continue;
    labels.add(position);
    arms.push(`case ${position}: break L${position};`);
  }
  const opened = [...labels].toSorted((a, b) => b - a).map((position) => `L${position}: {`);
  const dispatch = arms.length === 0 ? '' : `switch (at) { ${arms.join(' ')} }`;
  const closed = texts.map((text, index) => (labels.has(piece.first + index) ? `}\n${text}` : text));
  return [...opened, dispatch, ...closed].join('\n');
}

interface Names {
  readonly variables: readonly string[];
  readonly temporaries: readonly string[];
  readonly columns: ReadonlyMap<MetadataField, string>;
}

function loopAround(body: string, names: Names): string {
  return `'use strict';
return function run(batch, outcomes, packets, bytes) {
const { count, offsets, capturedLengths, lengths } = batch;
const v = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
${declare([...names.variables, ...names.temporaries, ...names.columns.values()])}
${fetchColumns(names)}
packets: for (let i = 0; i < count; i++) {
const o = offsets[i], c = capturedLengths[i], n = lengths[i];
${body}
}
};`;
}

function loopOverFunctions(bodies: readonly string[], names: Names): string {
  const functions = bodies.map((body) => `function (v, o, c, n, i, at) {\n${declare(names.temporaries)}\n${body}\n}`);
  return `'use strict';
let packets, bytes;
${declare([...names.variables, ...names.columns.values()])}
const pieces = [${functions.join(',\n')}];
return function run(batch, outcomes, packetCounters, byteCounters) {
const { count, offsets, capturedLengths, lengths } = batch;
const v = new DataView(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength);
packets = packetCounters;
bytes = byteCounters;
${fetchColumns(names)}
for (let i = 0; i < count; i++) {
let result = -1;
while (result < 0) {
const at = ~result;
result = pieces[(at / ${nodesPerFunction}) | 0](v, offsets[i], capturedLengths[i], lengths[i], i, at);
}
outcomes[i] = result;
}
};`;
}

function declare(names: readonly string[]): string {
  return names.length === 0 ? '' : `let ${names.map((name) => `${name} = 0`).join(', ')};`;
}

function fetchColumns({ columns }: Names): string {
  return [...columns].map(([field, name]) => `${name} = batch.metadata?.['${field}'];`).join('\n');
}

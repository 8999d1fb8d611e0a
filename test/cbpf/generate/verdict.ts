import { expect } from 'chai';
import { check } from '../../../src/cbpf/check.ts';
import { generate, type GenerateOptions } from '../../../src/cbpf/generate.ts';
import { interpreter } from '../../../src/cbpf/interpret.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import type { Graph } from '../../../src/ir/graph.ts';
import type { Packet } from '../../../src/ir/packet.ts';

/** What the graph says of a packet. */
export function matches(graph: Graph, packet: Packet): boolean {
  return evaluate(graph.entry, packet).verdict.kind === 'match';
}

/** A classic program as a function, checked to be one that the kernel takes. */
export function programOf(graph: Graph, options: GenerateOptions): (packet: Packet) => boolean {
  const { instructions } = generate(graph, options);
  expect(check(instructions)).to.equal(undefined);
  const run = interpreter(instructions);
  return ({ bytes, length, metadata: known }) => run(bytes, 0, bytes.length, length, known) > 0;
}

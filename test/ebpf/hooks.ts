import type { TableShapes } from '../../src/ebpf/generate/lookup.ts';
import type { Program } from '../../src/ebpf/program.ts';
import type { Graph } from '../../src/ir/graph.ts';
import type { Packet } from '../../src/ir/packet.ts';
import type { Verdict } from '../../src/ir/verdict.ts';
import { generateTc, tcAction } from '../../src/tc/program.ts';
import { generateXdp, xdpAction } from '../../src/xdp/program.ts';

/** Both hooks as tests of the generator see them. */
export interface TestedHook {
  readonly name: string;
  readonly generate: (graph: Graph, tables?: TableShapes) => Program;
  readonly codeOf: (verdict: Verdict) => number;
  /** The packet with the metadata that programs of the hook can see. */
  readonly show: (packet: Packet) => Packet;
}

export const hooks: readonly TestedHook[] = [
  {
    name: 'xdp',
    generate: (graph, tables = new Map()) => generateXdp(graph, { tables }),
    codeOf: ({ kind }) => (kind === 'match' || kind === 'drop' ? xdpAction.XDP_DROP : xdpAction.XDP_PASS),
    show: ({ bytes, length, metadata }) => {
      return { bytes, length, metadata: { 'interface-index': metadata?.['interface-index'] ?? 0 } };
    },
  },
  {
    name: 'tc',
    generate: (graph, tables = new Map()) => generateTc(graph, { direction: 'egress', tables }),
    codeOf: ({ kind }) => (kind === 'match' || kind === 'drop' ? tcAction.TC_ACT_SHOT : tcAction.TC_ACT_UNSPEC),
    show: ({ bytes, length, metadata }) => ({ bytes, length, metadata: { ...metadata, 'direction-outgoing': 1 } }),
  },
];

import { generate } from '../ebpf/generate/generate.ts';
import type { TableShapes } from '../ebpf/generate/lookup.ts';
import { helper } from '../ebpf/helper.ts';
import type { HookExit, HookShape, PacketAccess } from '../ebpf/hook-shape.ts';
import type { KernelContext } from '../ebpf/kernel-context.ts';
import type { Program } from '../ebpf/program.ts';
import type { Graph } from '../ir/graph.ts';
import type { ActionVerdict, FilterVerdict, Verdict } from '../ir/verdict.ts';

/** Return codes of XDP programs (`enum xdp_action`). */
export const xdpAction = { XDP_ABORTED: 0, XDP_DROP: 1, XDP_PASS: 2, XDP_TX: 3, XDP_REDIRECT: 4 } as const;

/** Offsets in `struct xdp_md`. */
const context = { data: 0, dataEnd: 4, ingressInterface: 12 };

/** What a bare filter's verdicts do to a packet. */
export type FilterActions = Readonly<Record<FilterVerdict['kind'], ActionVerdict>>;

export interface XdpOptions {
  /** An identifier of at most 15 characters; `pktf_xdp` unless said. */
  readonly name?: string;
  /** Entries of the map of counters, if there must be more than the graph counts in. */
  readonly counters?: number;
  /** What is wanted of tables, by their names. */
  readonly tables?: TableShapes;
  /** What the loading user's capabilities allow; without CAP_PERFMON `constant-offsets`. */
  readonly packetAccess?: PacketAccess;
  /** Of the kernel that will run the program, found by `findKernelContext`: makes counting bytes cheaper. */
  readonly kernelContext?: KernelContext;
  /** For a graph of a bare filter; unless said, a match drops and the rest passes. */
  readonly filter?: FilterActions;
}

/**
 * An XDP program, to be loaded with frags support. XDP sees received frames only, with all tags in the bytes (a tag
 * that the card or the peer keeps in metadata is invisible to it), before the kernel has marked them.
 * @throws StackExhaustedError
 */
export function generateXdp(graph: Graph, options: XdpOptions = {}): Program {
  const { filter, kernelContext, packetAccess = 'anywhere', ...rest } = options;
  const shape = { ...xdpShape(filter, kernelContext), packetAccess };
  return generate(graph, shape, { name: 'pktf_xdp', ...rest });
}

const defaultFilter: FilterActions = { match: { kind: 'drop' }, 'no-match': { kind: 'pass' } };

export function xdpShape(filter: FilterActions = defaultFilter, kernelContext?: KernelContext): HookShape {
  return {
    type: 'xdp',
    dataOffset: context.data,
    dataEndOffset: context.dataEnd,
    loadBytes: helper.xdpLoadBytes,
    // data_end - data would be the first buffer's length only.
    length: {
      kind: 'helper',
      helper: helper.xdpGetBufferLength,
      ...(kernelContext === undefined ? {} : { kernelContext }),
    },
    metadata: {
      'vlan-present': { kind: 'constant', value: 0 },
      'vlan-tci': { kind: 'constant', value: 0 },
      'vlan-protocol': { kind: 'constant', value: 0 },
      'interface-index': { kind: 'field', offset: context.ingressInterface, order: 'host' },
      'direction-outgoing': { kind: 'constant', value: 0 },
      mark: { kind: 'constant', value: 0 },
    },
    exitOf: (verdict) => exitOf(verdict, filter),
  };
}

function exitOf(verdict: Verdict, filter: FilterActions): HookExit {
  switch (verdict.kind) {
    case 'match':
    case 'no-match':
      return exitOf(filter[verdict.kind], filter);
    case 'pass':
      return { kind: 'code', code: xdpAction.XDP_PASS };
    case 'drop':
      return { kind: 'code', code: xdpAction.XDP_DROP };
    case 'transmit':
      return { kind: 'code', code: xdpAction.XDP_TX };
    case 'redirect':
      return { kind: 'redirect', interfaceIndex: verdict.interfaceIndex };
  }
}

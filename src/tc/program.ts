import { generate } from '../ebpf/generate/generate.ts';
import type { TableShapes } from '../ebpf/generate/lookup.ts';
import { helper } from '../ebpf/helper.ts';
import type { HookExit, HookShape, PacketAccess } from '../ebpf/hook-shape.ts';
import type { Program } from '../ebpf/program.ts';
import type { Graph } from '../ir/graph.ts';
import type { ActionVerdict, FilterVerdict, Verdict } from '../ir/verdict.ts';

/**
 * Return codes of TC programs in direct-action mode. Passing is TC_ACT_UNSPEC, which lets further filters of the
 * interface have their say; TC_ACT_OK would not.
 */
export const tcAction = { TC_ACT_UNSPEC: -1, TC_ACT_OK: 0, TC_ACT_SHOT: 2, TC_ACT_REDIRECT: 7 } as const;

/** Offsets in `struct __sk_buff`. */
const context = {
  length: 0,
  mark: 8,
  vlanPresent: 20,
  vlanTci: 24,
  vlanProtocol: 28,
  interfaceIndex: 40,
  data: 76,
  dataEnd: 80,
  wireLength: 160,
  segments: 164,
};

/** What a bare filter's verdicts do to a packet. */
export type FilterActions = Readonly<Record<FilterVerdict['kind'], ActionVerdict>>;

export type TcDirection = 'ingress' | 'egress';

export interface TcOptions {
  /** An identifier of at most 15 characters; `pktf_tc` unless said. */
  readonly name?: string;
  /** Entries of the map of counters, if there must be more than the graph counts in. */
  readonly counters?: number;
  /** What is wanted of tables, by their names. */
  readonly tables?: TableShapes;
  /** What the loading user's capabilities allow; without CAP_PERFMON `constant-offsets`. */
  readonly packetAccess?: PacketAccess;
  /** For a graph of a bare filter; unless said, a match drops and the rest passes. */
  readonly filter?: FilterActions;
  /** What `inbound` and `outbound` are decided by; ingress unless said. */
  readonly direction?: TcDirection;
}

/**
 * A TC program for direct action.
 * @param graph as `ir/view.ts` rewrote it: here the outer VLAN tag may be in metadata
 * @throws StackExhaustedError
 */
export function generateTc(graph: Graph, options: TcOptions = {}): Program {
  const { filter, direction, packetAccess = 'anywhere', ...rest } = options;
  return generate(graph, { ...tcShape(direction, filter), packetAccess }, { name: 'pktf_tc', ...rest });
}

const defaultFilter: FilterActions = { match: { kind: 'drop' }, 'no-match': { kind: 'pass' } };

export function tcShape(direction: TcDirection = 'ingress', filter: FilterActions = defaultFilter): HookShape {
  return {
    type: 'sched-cls',
    dataOffset: context.data,
    dataEndOffset: context.dataEnd,
    loadBytes: helper.skbLoadBytes,
    length: { kind: 'field', offset: context.length },
    tagPresentOffset: context.vlanPresent,
    segmentsOffset: context.segments,
    // TCP sends merged packets whatever ethtool -K says. On ingress the kernel has not summed them up.
    ...(direction === 'egress' ? { wireLengthOffset: context.wireLength } : {}),
    metadata: {
      'vlan-present': { kind: 'field', offset: context.vlanPresent, order: 'host' },
      'vlan-tci': { kind: 'field', offset: context.vlanTci, order: 'host' },
      'vlan-protocol': { kind: 'field', offset: context.vlanProtocol, order: 'network' },
      'interface-index': { kind: 'field', offset: context.interfaceIndex, order: 'host' },
      // The context does not tell which of the two hooks this is.
      'direction-outgoing': { kind: 'constant', value: direction === 'egress' ? 1 : 0 },
      mark: { kind: 'field', offset: context.mark, order: 'host' },
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
      return { kind: 'code', code: tcAction.TC_ACT_UNSPEC };
    case 'drop':
      return { kind: 'code', code: tcAction.TC_ACT_SHOT };
    case 'transmit':
      return { kind: 'reflect', interfaceOffset: context.interfaceIndex };
    case 'redirect':
      return { kind: 'redirect', interfaceIndex: verdict.interfaceIndex };
  }
}

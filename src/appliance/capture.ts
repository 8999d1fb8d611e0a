import type { PacketBatch } from '../capture/batch.ts';
import { batchCapacity } from '../capture/columns.ts';
import { openLive, type LiveOptions, type LiveSource } from '../capture/live.ts';
import type { Diagnostic } from '../compiler/diagnostic.ts';
import type { Names } from '../compiler/names.ts';
import { optimize } from '../ir/optimize/index.ts';
import type { LinkType } from '../ir/link-type.ts';
import type { Source } from '../ir/span.ts';
import { compileToJavaScript } from '../javascript/compile.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { systemNames } from '../names/system-names.ts';
import { compileFilter, filterGraph, socketProgram, unchanged, type Filter } from '../pipeline.ts';
import type { PolicySet } from '../rules/policy-set.ts';
import { attachFilter } from '../socket/attach.ts';
import { findInterface, linkTypeOf, netmaskOf } from './interface.ts';
import { withPermission } from './permission.ts';

export interface CaptureRequest {
  /** An interface's name, or `any`. */
  readonly interface: string;
  readonly filter: Source | string;
  /** Bytes of a packet to keep. */
  readonly snaplen: number;
  readonly promiscuous: boolean;
  /** As `LiveOptions` has it. */
  readonly delivery?: LiveOptions['delivery'];
  readonly optimize?: boolean;
  /** Whether a filter that no packet can match is refused. */
  readonly neverMatching?: 'warn' | 'refuse';
  /** Sets that the filter names, as they are now. */
  readonly sets?: ReadonlyMap<string, PolicySet>;
  readonly names?: Names;
}

export interface FilteredCapture {
  readonly source: LiveSource;
  readonly warnings: readonly Diagnostic[];
  /** Which packets of a batch match: those whose entry is 1. Undefined where the kernel has seen to it. */
  readonly accept: ((batch: PacketBatch) => Uint16Array) | undefined;
}

/**
 * Live packets of an interface, filtered in the kernel before they are copied. Of `any`, all interfaces at once, packets
 * come without their link headers; the cooked header that the filter speaks of is made here, so it is asked here.
 * @throws DiagnosticError (the filter), ApplianceError, SystemError
 */
export function openFilteredCapture(kernel: Kernel, request: CaptureRequest): FilteredCapture {
  return request.interface === 'any' ? openAny(kernel, request) : openInterface(kernel, request);
}

function openInterface(kernel: Kernel, request: CaptureRequest): FilteredCapture {
  const link = findInterface(kernel, request.interface);
  const linkType = linkTypeOf(link);
  const filter = compileRequest(request, linkType, netmaskOf(kernel, link));
  const passes = passesOf(request);
  const program = socketProgram(filterGraph(filter, passes), request.snaplen, passes);
  const prepare = (descriptor: number): void => attachFilter(kernel, descriptor, program.instructions);
  const source = open(kernel, { ...request, ifindex: link.ifindex, linkType, prepare });
  return { source, warnings: filter.warnings, accept: undefined };
}

function openAny(kernel: Kernel, request: CaptureRequest): FilteredCapture {
  const filter = compileRequest(request, 'LINUX_SLL2', undefined);
  const { entry } = filterGraph(filter, passesOf(request));
  const run = compileToJavaScript(entry, (verdict) => (verdict.kind === 'match' ? 1 : 0));
  const outcomes = new Uint16Array(batchCapacity);
  const noCounters = new Float64Array(0);
  const source = open(kernel, { ...request, ifindex: 0, linkType: 'LINUX_SLL2' });
  const accept = (batch: PacketBatch): Uint16Array => {
    run(batch, outcomes, noCounters, noCounters);
    return outcomes;
  };
  return { source, warnings: filter.warnings, accept };
}

function compileRequest(
  { filter, names, sets, neverMatching = 'warn' }: CaptureRequest,
  linkType: LinkType,
  netmask: number | undefined,
): Filter {
  const source = typeof filter === 'string' ? { name: 'filter', text: filter } : filter;
  const options = { linkType, names: names ?? systemNames(), live: true, neverMatching };
  return compileFilter(source, netmask === undefined ? options : { ...options, netmask }, sets);
}

function passesOf(request: CaptureRequest): typeof optimize {
  return request.optimize === false ? unchanged : optimize;
}

function open(kernel: Kernel, options: CaptureRequest & LiveOptions): LiveSource {
  const { ifindex, linkType, snaplen, promiscuous, delivery = 'immediate', prepare } = options;
  const what = `capturing on ${options.interface}`;
  return withPermission(kernel, what, ['CAP_NET_RAW'], () =>
    openLive(kernel, {
      ifindex,
      linkType,
      snaplen,
      promiscuous,
      delivery,
      ...(prepare === undefined ? {} : { prepare }),
    }),
  );
}

import { disassemble as disassembleClassic } from '../cbpf/assembler/disassemble.ts';
import { listAsC, listAsNumbers, listProgram } from '../cbpf/listing.ts';
import type { Program as ClassicProgram } from '../cbpf/program.ts';
import { encode as encodeClassic } from '../cbpf/raw.ts';
import type { Diagnostic } from '../compiler/diagnostic.ts';
import { disassemble } from '../ebpf/disassemble.ts';
import { slotsOf } from '../ebpf/instruction.ts';
import { anyKernelContext } from '../ebpf/kernel-context.ts';
import { objectFile } from '../ebpf/object-file.ts';
import type { Program } from '../ebpf/program.ts';
import type { Graph } from '../ir/graph.ts';
import type { LinkType } from '../ir/link-type.ts';
import { optimize, optimizeRelaxed } from '../ir/optimize/index.ts';
import { printGraph } from '../ir/print.ts';
import type { Source } from '../ir/span.ts';
import { systemNames } from '../names/system-names.ts';
import {
  captureProgram,
  compileFilter,
  filterGraph,
  hookGraph,
  hookProgram,
  policyOfFilter,
  socketGraph,
  socketProgram,
  unchanged,
  withSnapshots,
  type Filter,
} from '../pipeline.ts';
import type { PolicySet } from '../rules/policy-set.ts';
import type { FilterAction } from '../rules/policy.ts';

export interface CompileRequest {
  readonly target: 'cbpf' | 'socket' | 'xdp' | 'tc';
  readonly linkType: LinkType;
  readonly optimize: boolean;
  /** Truncated packets may get another verdict; whole ones do not. */
  readonly relaxed?: boolean;
  readonly action: FilterAction;
  readonly counters: boolean;
  readonly acceptLength: number;
  readonly neverMatching: 'warn' | 'refuse';
  /** Sets that the filter names; their elements become part of the program. */
  readonly sets: ReadonlyMap<string, PolicySet>;
}

/** A compiled filter in every form that `compile` prints. */
export interface CompiledProgram {
  readonly warnings: readonly Diagnostic[];
  /** @param level 1 to 3, as many as there are d's in the flag */
  listing(level: number): string;
  assembler(): string;
  ir(): string;
  /** For XDP and TC: an object file, and what the kernel's JIT compiler makes of the program (loads it). */
  readonly hook?: { object(): Uint8Array; native(): Promise<string> };
  /** What `--stats` says, a line each. */
  readonly statistics: readonly string[];
  readonly document: unknown;
}

export function compileForTarget(source: Source, request: CompileRequest): CompiledProgram {
  const { target, linkType } = request;
  const filter = compileFilter(
    source,
    { linkType, names: systemNames(), live: target !== 'cbpf', neverMatching: request.neverMatching },
    request.sets,
  );
  return target === 'cbpf' || target === 'socket' ? classicForms(filter, request) : hookForms(filter, request);
}

function passesOf(request: CompileRequest): (graph: Graph) => Graph {
  if (!request.optimize) return unchanged;
  return request.relaxed === true ? optimizeRelaxed : optimize;
}

function classicForms(filter: Filter, request: CompileRequest): CompiledProgram {
  const passes = passesOf(request);
  const graph = filterGraph(filter, passes);
  const program =
    request.target === 'socket'
      ? socketProgram(graph, request.acceptLength, passes)
      : captureProgram(graph, request.acceptLength);
  const { instructions } = program;
  return {
    warnings: filter.warnings,
    listing: (level) => [listProgram, listAsC, listAsNumbers][level - 1]?.(instructions) ?? listAsNumbers(instructions),
    assembler: () => disassembleClassic(instructions),
    ir: () => printGraph(request.target === 'socket' ? socketGraph(graph, passes) : graph),
    statistics: [`${instructions.length} classic instructions`],
    document: classicDocument(program, request),
  };
}

function classicDocument({ linkType, instructions }: ClassicProgram, { target }: CompileRequest): unknown {
  return { target, linkType, instructions: instructions.map((instruction) => encodeClassic(instruction)) };
}

function hookForms(filter: Filter, request: CompileRequest): CompiledProgram {
  const hook = request.target === 'tc' ? 'tc' : 'xdp';
  const passes = (graph: Graph): Graph => passesOf(request)(withSnapshots(graph, filter));
  const options = { hook, counters: request.counters, passes } as const;
  const policy = policyOfFilter(filter, request.action);
  const { program, counters } = hookProgram(policy, options);
  const text = (): string => disassemble(program.instructions);
  return {
    warnings: filter.warnings,
    listing: text,
    assembler: text,
    ir: () => printGraph(hookGraph(policy, options)),
    hook: {
      // For whatever kernel: names instead of the numbers of this one.
      object: () => objectFile(hookProgram(policy, { ...options, kernelContext: anyKernelContext }).program),
      native: async () => (await import('./native-listing.ts')).nativeListing(program),
    },
    statistics: statisticsOf(program),
    document: {
      target: request.target,
      linkType: filter.linkType,
      name: program.name,
      action: request.action,
      counters,
      maps: program.maps,
      ...sizesOf(program),
      assembler: text().trimEnd().split('\n'),
    },
  };
}

function statisticsOf(program: Program): readonly string[] {
  const { instructions, twinInstructions } = sizesOf(program);
  return [`${instructions} eBPF instructions, ${twinInstructions} of them in the cold twin`];
}

/** In 8-byte slots, as the kernel counts. */
function sizesOf({ instructions, twinStart }: Program): {
  readonly instructions: number;
  readonly twinInstructions: number;
} {
  const slots = (from: number): number => instructions.slice(from).reduce((sum, each) => sum + slotsOf(each), 0);
  return { instructions: slots(0), twinInstructions: slots(twinStart ?? instructions.length) };
}

import * as cbpf from './cbpf/generate.ts';
import type { Program as ClassicProgram } from './cbpf/program.ts';
import { compile, type CompileOptions } from './compiler/compile.ts';
import type { Diagnostic } from './compiler/diagnostic.ts';
import type { TableShapes } from './ebpf/generate/lookup.ts';
import type { PacketAccess } from './ebpf/hook-shape.ts';
import type { KernelContext } from './ebpf/kernel-context.ts';
import type { Program } from './ebpf/program.ts';
import { exit, graphOf, type Graph } from './ir/graph.ts';
import { expandTables } from './ir/expand-tables.ts';
import { optimize } from './ir/optimize/index.ts';
import type { Predicate } from './ir/predicate.ts';
import type { Source } from './ir/span.ts';
import { match, noMatch } from './ir/verdict.ts';
import { showTagInMetadata } from './ir/view.ts';
import { filterPolicy } from './rules/filter-policy.ts';
import { contentsOfSets, type PolicySet } from './rules/policy-set.ts';
import { counterNames, type FilterAction, type Policy } from './rules/policy.ts';
import { policyGraph } from './rules/policy-graph.ts';
import { generateTc } from './tc/program.ts';
import { generateXdp } from './xdp/program.ts';

/**
 * The whole way from text to program:
 *
 *   text → compile → predicate → graph → optimize → (view of the hook) → generate → program
 *
 * A bare filter ends in match or no match; at a hook it becomes a policy of one rule and takes a policy's way.
 */

/** A filter that is compiled and knows the link type that its offsets are for. */
export interface Filter {
  readonly predicate: Predicate;
  readonly linkType: CompileOptions['linkType'];
  readonly warnings: readonly Diagnostic[];
  /** What the sets hold that it names. */
  readonly sets: ReadonlyMap<string, PolicySet>;
}

/** @throws DiagnosticError where the text is not a filter */
export function compileFilter(
  source: Source,
  options: CompileOptions,
  sets: ReadonlyMap<string, PolicySet> = new Map(),
): Filter {
  const types = new Map([...sets.values()].map(({ name, type }) => [name, type]));
  const { predicate, diagnostics } = compile(source, { ...options, sets: types });
  return { predicate, linkType: options.linkType, warnings: diagnostics, sets };
}

/** For those who want what they wrote, not what it comes to. */
export function unchanged(graph: Graph): Graph {
  return graph;
}

/** The sets that a filter names become part of its graph, as they are now. */
export function withSnapshots(graph: Graph, { sets }: Filter): Graph {
  return expandTables(graph, contentsOfSets(sets));
}

/** The sets that it names are in it, as they are now. */
export function filterGraph(filter: Filter, passes = optimize): Graph {
  const failing = exit(noMatch);
  const graph = { linkType: filter.linkType, entry: graphOf(filter.predicate, exit(match), failing, failing) };
  return passes(withSnapshots(graph, filter));
}

/** For capture files: tags stand in the bytes. */
export function captureProgram(graph: Graph, acceptLength: number): ClassicProgram {
  return cbpf.generate(graph, { acceptLength, target: 'capture' });
}

/** For packet sockets: the outer tag may be in metadata. */
export function socketProgram(graph: Graph, acceptLength: number, passes = optimize): ClassicProgram {
  return cbpf.generate(socketGraph(graph, passes), { acceptLength, target: 'socket' });
}

export function socketGraph(graph: Graph, passes = optimize): Graph {
  return passes(showTagInMetadata(graph));
}

export type EbpfHook = 'xdp' | 'tc' | 'tc-egress';

export interface HookProgram {
  readonly program: Program;
  /** Names of the program's counters, by index; none without counters. */
  readonly counters: readonly string[];
}

export interface HookOptions {
  readonly hook: EbpfHook;
  readonly counters: boolean;
  readonly passes?: (graph: Graph) => Graph;
  /** What is wanted of the tables of sets, by the sets' names. */
  readonly tables?: TableShapes;
  /** What the loading user's capabilities allow; anywhere unless said. */
  readonly packetAccess?: PacketAccess;
  /** Of the kernel that will run the program, for those who may read its memory: makes counting bytes at XDP cheaper. */
  readonly kernelContext?: KernelContext;
}

/** The policy of one rule that a bare filter is at a hook. */
export function policyOfFilter(filter: Filter, action: FilterAction): Policy {
  return filterPolicy(filter.linkType, filter.predicate, action);
}

export function hookProgram(policy: Policy, options: HookOptions): HookProgram {
  const names = options.counters ? counterNames(policy) : [];
  const graph = hookGraph(policy, options);
  return { program: generateFor(options, graph, names.length), counters: names };
}

/** A policy as the hook sees packets. */
export function hookGraph(policy: Policy, { hook, counters, passes = optimize }: HookOptions): Graph {
  const graph = passes(policyGraph(policy, { counters }));
  return hook === 'xdp' ? graph : passes(showTagInMetadata(graph));
}

function generateFor(options: HookOptions, graph: Graph, counters: number): Program {
  const { hook, tables = new Map(), packetAccess = 'anywhere', kernelContext } = options;
  if (hook === 'xdp') {
    const cheaper = kernelContext === undefined ? {} : { kernelContext };
    return generateXdp(graph, { counters, tables, packetAccess, ...cheaper });
  }
  return generateTc(graph, { counters, tables, packetAccess, direction: hook === 'tc' ? 'ingress' : 'egress' });
}

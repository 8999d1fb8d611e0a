import { generate as generateClassic } from '../../src/cbpf/generate.ts';
import { InexpressibleError } from '../../src/cbpf/generate/inexpressible.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { slotsOf } from '../../src/ebpf/instruction.ts';
import type { Program } from '../../src/ebpf/program.ts';
import { compileFilter, filterGraph } from '../../src/pipeline.ts';
import { generateXdp } from '../../src/xdp/program.ts';
import { corpusFilters, corpusNames } from '../../test/conformance/corpus.ts';

/** Instructions over all filters of the corpus that both sides compile. */
export interface CorpusSizes {
  readonly filters: number;
  readonly classic: number;
  /** libpcap's optimised programs. */
  readonly libpcap: number;
  /** As cbpfc counts: the fast path, without loads of the context and without the ends. */
  readonly fast: number;
  readonly cbpfc: number;
  readonly twin: number;
  /** Filters whose fast path is the longest compared with cbpfc's, by the instructions above it. */
  readonly longest: readonly { readonly filter: string; readonly fast: number; readonly cbpfc: number }[];
}

/** @param corpus the folder with filters.jsonl and names.json */
export function corpusSizes(corpus: string): CorpusSizes {
  const names = corpusNames(corpus);
  const rows = corpusFilters(corpus).flatMap((line) => {
    const { cbpfc_ebpf_insns: cbpfc, insns: libpcap } = line;
    if (line.expect !== 'accept' || typeof cbpfc !== 'number' || libpcap === undefined) return [];
    const graph = graphOf(line.expr, names);
    if (graph === undefined) return [];
    const classic = classicSize(graph);
    if (classic === undefined) return [];
    const { fast, twin } = ebpfSize(generateXdp(graph));
    return [{ filter: line.expr, classic, libpcap, fast, twin, cbpfc }];
  });
  const total = (key: 'classic' | 'libpcap' | 'fast' | 'twin' | 'cbpfc'): number =>
    rows.reduce((sum, row) => sum + row[key], 0);
  return {
    filters: rows.length,
    classic: total('classic'),
    libpcap: total('libpcap'),
    fast: total('fast'),
    cbpfc: total('cbpfc'),
    twin: total('twin'),
    longest: rows.toSorted((a, b) => b.fast / b.cbpfc - a.fast / a.cbpfc).slice(0, 12),
  };
}

type Names = ReturnType<typeof corpusNames>;
type Graph = ReturnType<typeof filterGraph>;

/** @returns undefined for what only a live hook knows, or what we refuse */
function graphOf(text: string, names: Names): Graph | undefined {
  try {
    return filterGraph(compileFilter({ name: 'filter', text }, { linkType: 'EN10MB', names }));
  } catch (error) {
    if (error instanceof DiagnosticError) return undefined;
    throw error;
  }
}

function classicSize(graph: Graph): number | undefined {
  try {
    return generateClassic(graph, { acceptLength: 262144, target: 'capture' }).instructions.length;
  } catch (error) {
    if (error instanceof InexpressibleError) return undefined;
    throw error;
  }
}

/** In slots. cbpfc counts neither the two loads of the context nor the ends, each of which is two instructions. */
export function ebpfSize({ instructions, twinStart = instructions.length }: Program): { fast: number; twin: number } {
  const fast = instructions.slice(0, twinStart);
  const slots = (list: Program['instructions']): number => list.reduce((sum, each) => sum + slotsOf(each), 0);
  const ends = 2 * fast.filter(({ kind }) => kind === 'exit').length;
  const contextLoads = fast.slice(0, 3).filter((each) => each.kind === 'load' && each.base === 'r1' && each.size === 4);
  return { fast: slots(fast) - ends - contextLoads.length, twin: slots(instructions.slice(twinStart)) };
}

/** The sizes as tables. */
export function printSizes(
  corpus: string,
  print: (rows: readonly (readonly string[])[], right: readonly number[]) => void,
): void {
  const sizes = corpusSizes(corpus);
  const row = (name: string, ours: number, other: number): readonly string[] => {
    return [name, String(ours), String(other), (ours / other).toFixed(3)];
  };
  print(
    [
      [`${sizes.filters} filters of the corpus`, 'pktf', 'other', 'ratio'],
      row('classic instructions; libpcap, optimised', sizes.classic, sizes.libpcap),
      row('eBPF instructions, fast path; cbpfc', sizes.fast, sizes.cbpfc),
      row('eBPF instructions with the cold twin; cbpfc', sizes.fast + sizes.twin, sizes.cbpfc),
      ...sizes.longest.map(({ filter, fast, cbpfc }) => row(`  ${filter.slice(0, 60)}`, fast, cbpfc)),
    ],
    [1, 2, 3],
  );
}

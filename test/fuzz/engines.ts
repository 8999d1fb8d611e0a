import type { PacketBatch } from '../../src/capture/batch.ts';
import { encode } from '../../src/cbpf/raw.ts';
import { generate, InexpressibleError } from '../../src/cbpf/generate.ts';
import { interpreter } from '../../src/cbpf/interpret.ts';
import type { Program as ClassicProgram } from '../../src/cbpf/program.ts';
import type { Target } from '../../src/cbpf/generate.ts';
import { createInterpreter, interpret } from '../../src/ebpf/interpret/interpret.ts';
import { createMaps } from '../../src/ebpf/interpret/maps.ts';
import type { Graph } from '../../src/ir/graph.ts';
import type { Packet } from '../../src/ir/packet.ts';
import type { Verdict } from '../../src/ir/verdict.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { isSystemError } from '../../src/kernel/system-error.ts';
import { socketGraph } from '../../src/pipeline.ts';
import { ebpfEngine } from '../../src/replay/engine/ebpf.ts';
import { evaluatorEngine } from '../../src/replay/engine/evaluator.ts';
import { interpreterEngine } from '../../src/replay/engine/interpreter.ts';
import { javascriptEngine } from '../../src/replay/engine/javascript.ts';
import { kernelSocketEngine } from '../../src/replay/engine/kernel-socket.ts';
import { kernelTcEngine, kernelXdpEngine } from '../../src/replay/engine/kernel-test-run.ts';
import { unable, type Engine, type PreparedProgram, type ReplayProgram, type Unable } from '../../src/replay/engine.ts';
import { createOutcomeTable, type OutcomeTable } from '../../src/replay/outcome.ts';
import { generateTc, tcAction } from '../../src/tc/program.ts';
import type { Libpcap } from '../support/libpcap.ts';
import { tagInMetadata } from './tag-in-metadata.ts';

export const match = 1;
export const noMatch = 0;
/** The engine cannot be asked about such a packet. */
export const notExpressed = 0xffff;

/** The same filter in several forms. */
export interface FilterGraphs {
  readonly written: Graph;
  readonly optimized: Graph;
  /** As a policy of one rule that drops, with counters. */
  readonly attached: Graph;
}

/** One way to run a filter. */
export interface FuzzEngine {
  readonly name: string;
  /**
   * The verdicts on the packets: `match`, `noMatch` or `notExpressed`.
   * @returns why there are none, where the engine cannot express the filter
   */
  run(graphs: FilterGraphs, packets: FuzzPackets): Promise<Uint16Array | string>;
}

/** The same packets one by one and side by side. */
export interface FuzzPackets {
  readonly each: readonly Packet[];
  readonly batch: PacketBatch;
}

/** @returns engines that need no more than this process */
export function enginesInProcess(libpcap: Libpcap): readonly FuzzEngine[] {
  return [
    replayed('evaluator-unoptimized', evaluatorEngine, ({ written }) => written),
    replayed('evaluator', evaluatorEngine),
    replayed('interpreter', interpreterEngine),
    libpcapMachine(libpcap),
    socketInterpreter,
    replayed('javascript', javascriptEngine),
    replayed('ebpf-xdp', ebpfEngine),
    ebpfTc,
    attached('ebpf-xdp-attached', ebpfEngine),
  ];
}

/** @returns engines that ask the running kernel; XDP and TC need the capabilities to load programs */
export function enginesInKernel(kernel: Kernel): readonly FuzzEngine[] {
  return [
    replayed('kernel-socket', kernelSocketEngine(kernel), ({ optimized }) => socketGraph(optimized)),
    replayed('kernel-xdp', kernelXdpEngine(kernel)),
    replayed('kernel-tc', kernelTcEngine(kernel)),
    attached('kernel-xdp-attached', kernelXdpEngine(kernel)),
    attached('kernel-tc-attached', kernelTcEngine(kernel)),
  ];
}

function replayed(
  name: string,
  engine: Engine,
  graphOf: (graphs: FilterGraphs) => Graph = ({ optimized }) => optimized,
): FuzzEngine {
  return { name, run: async (graphs, packets) => replay(engine, { graph: graphOf(graphs), counters: 0 }, packets) };
}

/** The program that `pktf attach` puts on an interface: a policy of one rule, which counts and finds what is malformed. */
function attached(name: string, engine: Engine): FuzzEngine {
  return {
    name,
    run: async ({ attached }, packets) => replay(engine, { graph: attached, counters: attachedCounters }, packets),
  };
}

/** The rule, the default, what is malformed: one of them counts each packet. */
const attachedCounters = 3;

async function replay(engine: Engine, program: ReplayProgram, { batch }: FuzzPackets): Promise<Uint16Array | string> {
  const table = createOutcomeTable();
  const prepared = prepare(engine, program, table);
  if (!prepared.able) return prepared.reason;
  try {
    const outcomes = new Uint16Array(batch.count);
    await prepared.run(batch, outcomes);
    const verdicts = outcomes.map((outcome) => {
      if (outcome === notExpressed) return notExpressed;
      const { kind } = table.verdicts[outcome] as Verdict;
      return kind === 'match' || kind === 'drop' ? match : noMatch;
    });
    if (program.counters > 0) requireAllCounted(engine, prepared, verdicts);
    return verdicts;
  } finally {
    prepared.close();
  }
}

function requireAllCounted(engine: Engine, prepared: PreparedProgram, verdicts: Uint16Array): void {
  const asked = verdicts.filter((verdict) => verdict !== notExpressed).length;
  const counted = prepared.counters().packets.reduce((sum, packets) => sum + packets, 0);
  if (counted !== asked) throw new Error(`${engine.name} counted ${counted} of ${asked} packets`);
}

/** A program for a socket may be short enough for classic BPF and too long for the memory that sockets have. */
function prepare(engine: Engine, program: ReplayProgram, table: OutcomeTable): PreparedProgram | Unable {
  try {
    return engine.prepare(program, table);
  } catch (error) {
    if (engine.name === 'kernel-socket' && isSystemError(error, 'ENOMEM')) return unable(error.message);
    throw error;
  }
}

/** Our classic program on libpcap's machine. */
function libpcapMachine(libpcap: Libpcap): FuzzEngine {
  return {
    name: 'libpcap-machine',
    run: async ({ optimized }, packets) => {
      const program = classicProgram(optimized, 'capture');
      if (typeof program === 'string') return program;
      const loaded = libpcap.load(program.instructions.map(encode));
      const outcomes = Uint16Array.from(packets.each, ({ bytes, length }) =>
        loaded.run(bytes, length) === 0 ? noMatch : match,
      );
      loaded.free();
      return outcomes;
    },
  };
}

/** The classic program of packet sockets on our machine: the tag of a tagged frame is in metadata. */
const socketInterpreter: FuzzEngine = {
  name: 'interpreter-socket',
  run: async ({ optimized }, packets) => {
    const program = classicProgram(socketGraph(optimized), 'socket');
    if (typeof program === 'string') return program;
    const execute = interpreter(program.instructions);
    return Uint16Array.from(packets.each, (packet) => {
      const { bytes, length, metadata } = tagInMetadata(packet, optimized.linkType);
      return execute(bytes, 0, bytes.length, length, metadata) === 0 ? noMatch : match;
    });
  },
};

function classicProgram(graph: Graph, target: Target): ClassicProgram | string {
  try {
    return generate(graph, { target });
  } catch (error) {
    if (error instanceof InexpressibleError) return error.message;
    throw error;
  }
}

/** Directly readable bytes as TC finds them: a packet ring's, local UDP's and TCP's, all. */
const linearLengths = [14, 42, 66, undefined, 0];

/** The TC program on our machine: tags in metadata, some bytes only behind the helper. */
const ebpfTc: FuzzEngine = {
  name: 'ebpf-tc',
  run: async ({ optimized }, packets) => {
    const program = generateTc(socketGraph(optimized));
    const prepared = createInterpreter(program);
    const maps = createMaps(program);
    return Uint16Array.from(packets.each, (packet, i) => {
      const linear = linearLengths[i % linearLengths.length];
      const options = linear === undefined ? { maps } : { maps, linear };
      const { returnValue } = interpret(prepared, tagInMetadata(packet, optimized.linkType), options);
      return returnValue === tcAction.TC_ACT_SHOT ? match : noMatch;
    });
  },
};

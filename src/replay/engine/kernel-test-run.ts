import type { PacketBatch } from '../../capture/batch.ts';
import { countersMap } from '../../ebpf/generate/count.ts';
import type { Program } from '../../ebpf/program.ts';
import { showTagInMetadata } from '../../ir/view.ts';
import { countPossibleCpus, lookupElement, perCpuValueSize, updateElement } from '../../kernel/bpf/map.ts';
import { testRun } from '../../kernel/bpf/test-run.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { load, type LoadedProgram } from '../../loader/load.ts';
import { generateTc } from '../../tc/program.ts';
import { generateXdp } from '../../xdp/program.ts';
import { createCounters, unable, type Counters, type Engine, type ReplayProgram } from '../engine.ts';
import { notExpressed, type OutcomeTable } from '../outcome.ts';
import { noContents } from '../table-contents.ts';
import { fillTables } from './fill-tables.ts';
import { tcVerdicts, xdpVerdicts, type HookVerdicts } from './hook-verdict.ts';

/**
 * The program as it runs at a hook, compiled by the kernel and run by BPF_PROG_TEST_RUN. Needs the capabilities to
 * load; knows only whole Ethernet frames of some lengths.
 */
interface TestRunHook {
  readonly name: 'kernel-xdp' | 'kernel-tc';
  generate(program: ReplayProgram): Program;
  verdicts(program: ReplayProgram, table: OutcomeTable): HookVerdicts;
  /** Whether the test run takes such a frame. */
  takes(batch: PacketBatch, index: number): boolean;
}

/** The program of the XDP hook in the kernel. */
export function kernelXdpEngine(kernel: Kernel): Engine {
  return testRunEngine(kernel, {
    name: 'kernel-xdp',
    generate: ({ graph, counters }) => generateXdp(graph, { counters }),
    verdicts: ({ graph }, table) => xdpVerdicts(graph, table),
    takes: ({ capturedLengths }, index) => isBetween(capturedLengths[index] as number, 14, longestXdpFrame),
  });
}

/** The program of the TC hook in the kernel, on frames whose tags stand in the bytes. */
export function kernelTcEngine(kernel: Kernel): Engine {
  return testRunEngine(kernel, {
    name: 'kernel-tc',
    generate: ({ graph, counters }) => generateTc(showTagInMetadata(graph), { counters }),
    verdicts: ({ graph }, table) => tcVerdicts(graph, table),
    takes: (batch, index) =>
      isBetween(batch.capturedLengths[index] as number, leastTcFrame(batch, index), longestTcFrame),
  });
}

/** Found by trying on Linux 6.18: 17 fragments of 4096 bytes, less the kernel's own needs, which differ a little. */
const longestXdpFrame = 60_000;
/** One page, less the headroom and `struct skb_shared_info`. */
const longestTcFrame = 3_400;

/** The test run wants the IP header to be whole where the EtherType announces one. */
function leastTcFrame(batch: PacketBatch, index: number): number {
  const offset = batch.offsets[index] as number;
  if ((batch.capturedLengths[index] as number) < 14) return 14;
  const etherType = ((batch.bytes[offset + 12] as number) << 8) | (batch.bytes[offset + 13] as number);
  return etherType === 0x0800 ? 34 : etherType === 0x86dd ? 54 : 14;
}

function isBetween(value: number, least: number, greatest: number): boolean {
  return value >= least && value <= greatest;
}

function testRunEngine(kernel: Kernel, hook: TestRunHook): Engine {
  return {
    name: hook.name,
    prepare(program, table) {
      if (program.graph.linkType !== 'EN10MB')
        return unable(`a hook sees Ethernet frames, not ${program.graph.linkType}`);
      const verdicts = hook.verdicts(program, table);
      const loaded = loadFilled(kernel, hook.generate(program), program.tables);
      return {
        able: true,
        run(batch, outcomes) {
          const { bytes, offsets, capturedLengths, lengths, metadata } = batch;
          for (let i = 0; i < batch.count; i++) {
            const offset = offsets[i] as number;
            const captured = capturedLengths[i] as number;
            if (captured !== lengths[i] || metadata !== undefined || !hook.takes(batch, i)) {
              outcomes[i] = notExpressed;
              continue;
            }
            const data = bytes.subarray(offset, offset + captured);
            const { returnValue } = testRun(kernel, loaded.descriptor, { data });
            outcomes[i] = verdicts.outcomeOf(returnValue | 0);
          }
        },
        counters: () => readCounters(kernel, loaded, program.counters),
        close: () => loaded.close(),
      };
    },
  };
}

function loadFilled(kernel: Kernel, program: Program, contents = noContents): LoadedProgram {
  const loaded = load(kernel, program);
  try {
    fillTables(program, contents, (map, key, value) => {
      updateElement(kernel, loaded.maps.get(map) as number, key, value);
    });
    return loaded;
  } catch (error) {
    loaded.close();
    throw error;
  }
}

/** Two 64-bit numbers for each CPU. */
function readCounters(kernel: Kernel, loaded: LoadedProgram, count: number): Counters {
  const counted = createCounters(count);
  const map = loaded.maps.get(countersMap);
  if (map === undefined) return counted;
  const valueSize = perCpuValueSize(16, countPossibleCpus(kernel));
  for (let counter = 0; counter < count; counter++) {
    const value = lookupElement(kernel, map, new Uint8Array(Uint32Array.of(counter).buffer), valueSize);
    const numbers = new BigUint64Array((value as Uint8Array).buffer);
    for (let at = 0; at < numbers.length; at += 2) {
      counted.packets[counter] = (counted.packets[counter] as number) + Number(numbers[at]);
      counted.bytes[counter] = (counted.bytes[counter] as number) + Number(numbers[at + 1]);
    }
  }
  return counted;
}

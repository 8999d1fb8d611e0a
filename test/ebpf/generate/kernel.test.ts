import { expect } from 'chai';
import fc from 'fast-check';
import { disassemble } from '../../../src/ebpf/disassemble.ts';
import { evaluate } from '../../../src/ir/evaluate.ts';
import type { Graph } from '../../../src/ir/graph.ts';
import { wholePacket, type Packet } from '../../../src/ir/packet.ts';
import { or, testing, type Predicate } from '../../../src/ir/predicate.ts';
import { equal } from '../../../src/ir/test.ts';
import { binary, constant, load, type BinaryOperator } from '../../../src/ir/value.ts';
import { programInfo } from '../../../src/kernel/bpf/info.ts';
import { testRun } from '../../../src/kernel/bpf/test-run.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { isSystemError } from '../../../src/kernel/system-error.ts';
import { load as loadProgram } from '../../../src/loader/load.ts';
import { ProgramRefused } from '../../../src/loader/program-refused.ts';
import { filterGraph, randomPacket, randomPredicate } from '../../support/random-graph.ts';
import { openRealKernel } from '../../support/real-kernel.ts';
import { hooks, type TestedHook } from '../hooks.ts';
import { countingRules, droppingRules, filter, sourceAddress, tcpPort, tcpSegment } from './graphs.ts';

describe('generated eBPF programs in the kernel', () => {
  let kernel: Kernel;
  /** What the verifier had to go through, for the record. */
  const cost = { programs: 0, slowest: 0, mostVerified: 0, packets: 0 };

  before(async function () {
    kernel = await openRealKernel(this);
  });

  after(() => {
    const { programs, slowest, mostVerified, packets } = cost;
    process.stdout.write(
      `    ${programs} programs loaded, ${packets} packets run; the verifier's most: ${mostVerified} instructions, ${slowest.toFixed(0)} ms\n`,
    );
  });

  /** The kernel takes the program, and it gives the graph's verdict. */
  function expectMeaning(hook: TestedHook, graph: Graph, packets: readonly Packet[]): void {
    const program = hook.generate(graph);
    const began = performance.now();
    const loaded = loadOrShow(kernel, program);
    try {
      cost.programs++;
      cost.slowest = Math.max(cost.slowest, performance.now() - began);
      cost.mostVerified = Math.max(cost.mostVerified, programInfo(kernel, loaded.descriptor).verifiedInstructions);
      for (const { bytes } of packets) {
        // What a test-run has in place of metadata: an interface on which the packet came by, no tag, no mark.
        const { verdict } = evaluate(graph.entry, hook.show(wholePacket(bytes)));
        const answer = answerOf(kernel, loaded.descriptor, bytes);
        if (answer === undefined) continue;
        cost.packets++;
        expect(answer, `${hook.name}, ${bytes.length} bytes\n${disassemble(program.instructions)}`).to.equal(
          hook.codeOf(verdict),
        );
      }
    } finally {
      loaded.close();
    }
  }

  for (const hook of hooks) {
    describe(`at ${hook.name}`, () => {
      it('take random graphs and mean the same', () => {
        const options = { variables: 2, present: true, depth: 4, valueDepth: 3 };
        const packets = fc.array(randomPacket(options), { minLength: 4, maxLength: 8 });
        fc.assert(
          fc.property(randomPredicate(options), packets, (predicate, some) =>
            expectMeaning(hook, filterGraph(predicate), some),
          ),
          { numRuns: 400 },
        );
      });

      it('take tcp port, with counters and without', () => {
        const packets = [tcpSegment(1, 22, 7), tcpSegment(1, 7, 22, 12), tcpSegment(1, 2, 3)].flatMap((bytes) =>
          Array.from({ length: bytes.length - 13 }, (_, cut) => wholePacket(bytes.slice(0, 14 + cut))),
        );
        for (const graph of [filter(tcpPort(22)), droppingRules([tcpPort(22)]), countingRules([tcpPort(22)])]) {
          expectMeaning(hook, graph, packets);
        }
      });

      it('take every operation', () => {
        const operators: readonly BinaryOperator[] = ['add', 'subtract', 'multiply', 'divide', 'modulo'];
        const bitwise: readonly BinaryOperator[] = ['and', 'or', 'xor', 'shift-left', 'shift-right'];
        const numbers = [0, 1, 31, 32, 0x7fffffff, 0x80000000, 0xffffffff].map(constant);
        const packet = wholePacket(tcpSegment(0x01020304, 5, 6));
        for (const operator of [...operators, ...bitwise]) {
          for (const number of numbers) {
            const left = { kind: 'binary', operator, left: load(26, 4), right: number } as const;
            const right = { kind: 'binary', operator, left: number, right: load(30, 2) } as const;
            const both = binary('xor', left, right);
            expectMeaning(hook, filter(or(testing(equal(both, 0)), testing(equal(load(left, 1), right)))), [packet]);
          }
        }
      });

      it('take long lists: 1,000 rules, 20,000 hosts', function () {
        this.timeout(60000);
        const packets = [0, 500, 999, 1000, 19999].map((host) => wholePacket(tcpSegment(0x0a000000 + host, 1, 2)));
        const rules = Array.from({ length: 1000 }, (_, index) => sourceAddress(0x0a000000 + index));
        expectMeaning(hook, droppingRules(rules), packets);
        const hosts = Array.from({ length: 20000 }, (_, index) => testing(equal(load(26, 4), 0x0a000000 + index)));
        expectMeaning(hook, filter(or(...(hosts as [Predicate, Predicate]))), packets);
      });
    });
  }
});

/** The verifier's last words belong to the failure. */
function loadOrShow(kernel: Kernel, program: Parameters<typeof loadProgram>[1]): ReturnType<typeof loadProgram> {
  try {
    return loadProgram(kernel, program);
  } catch (error) {
    if (!(error instanceof ProgramRefused)) throw error;
    throw new Error(`${error.message}\n${error.log.slice(-2000)}\n${disassemble(program.instructions)}`, {
      cause: error,
    });
  }
}

/** @returns undefined for a packet that a test-run does not take (below 14 bytes; at TC a short IP packet, too) */
function answerOf(kernel: Kernel, descriptor: number, bytes: Uint8Array): number | undefined {
  try {
    return testRun(kernel, descriptor, { data: bytes }).returnValue | 0;
  } catch (error) {
    if (isSystemError(error, 'EINVAL')) return undefined;
    throw error;
  }
}

import { testRun } from '../../src/kernel/bpf/test-run.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';

/** A program that is timed on a packet. */
export interface Contestant {
  readonly program: number;
  readonly data: Uint8Array;
}

const repeat = 2_000_000;
/** One call more often than once makes XDP wait for a grace period; that is sleep, which takes no time of the CPU. */
const nanosecondsPerRun = 1000 / repeat;

/**
 * Nanoseconds that each contestant takes for a packet, test run's own loop included: the median of interleaved rounds,
 * of the time that this process had the CPU for, so that others on the machine disturb only caches and clocks.
 */
export function timeInterleaved(kernel: Kernel, contestants: readonly Contestant[], rounds: number): readonly number[] {
  const times = contestants.map((): number[] => []);
  const run = ({ program, data }: Contestant): number => {
    const before = process.cpuUsage();
    testRun(kernel, program, { data, repeat });
    const { user, system } = process.cpuUsage(before);
    return (user + system) * nanosecondsPerRun;
  };
  for (const contestant of contestants) run(contestant);
  for (let round = 0; round < rounds; round++) {
    // Each round begins with another one, so that none always comes behind the same.
    for (let i = 0; i < contestants.length; i++) {
      const index = (i + round) % contestants.length;
      (times[index] as number[]).push(run(contestants[index] as Contestant));
    }
  }
  return times.map(median);
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

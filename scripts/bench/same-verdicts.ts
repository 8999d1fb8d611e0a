import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testRun } from '../../src/kernel/bpf/test-run.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { load } from '../../src/loader/load.ts';
import { readFile } from '../../test/support/capture.ts';
import { loadClangPrograms } from './clang-programs.ts';
import { benchFilters } from './filters.ts';
import { benchPackets } from './packets.ts';
import { programOf } from './time-filters.ts';

/** From dist/scripts/bench. */
const ownCaptures = fileURLToPath(new URL('../../../test/pcaps', import.meta.url));

/** Lengths that XDP's test run takes in one buffer. */
const shortest = 14;
const longest = 3400;

/** The frames of our captures and those of other folders, and those that are timed. */
export async function capturedFrames(folders: readonly string[]): Promise<readonly Uint8Array[]> {
  const frames: Uint8Array[] = Object.values(benchPackets);
  for (const folder of [ownCaptures, ...folders]) {
    for (const file of readdirSync(folder)) {
      if (!/\.(pcap|pcapng|cap)$/.test(file)) continue;
      const { packets } = await readFile(join(folder, file));
      frames.push(...packets.map(({ bytes }) => bytes).filter(({ length }) => length >= shortest && length <= longest));
    }
  }
  return frames;
}

/** How many verdicts of the C baseline are not those of our programs; each is told. */
export function verdictsThatDiffer(kernel: Kernel, frames: readonly Uint8Array[]): number {
  const clang = loadClangPrograms(kernel);
  let different = 0;
  try {
    for (const filter of benchFilters) {
      const ours = load(kernel, programOf(kernel, filter));
      const theirs = clang.programs.get(filter.function) as number;
      for (const data of frames) {
        const [a, b] = [ours.descriptor, theirs].map((each) => testRun(kernel, each, { data }).returnValue);
        if (a === b) continue;
        different++;
        process.stdout.write(
          `${filter.text}: pktf ${a}, C ${b}: ${Buffer.from(data.subarray(0, 64)).toString('hex')}\n`,
        );
      }
      ours.close();
    }
  } finally {
    clang.close();
  }
  return different;
}

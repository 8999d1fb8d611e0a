// npm run bench -- code [<shared folder>] [--rounds N]: the compiler's output beside that of libpcap, cbpfc, clang, xdp-filter.
import { join } from 'node:path';
import { table } from '../src/cli/output.ts';
import { openLinuxKernel } from '../src/kernel/linux/index.ts';
import { printSizes } from './bench/corpus-size.ts';
import { capturedFrames, verdictsThatDiffer } from './bench/same-verdicts.ts';
import { timeFilters, timeXdpFilter } from './bench/time-filters.ts';

export async function benchCode(words: readonly string[]): Promise<void> {
  const roundsAt = words.indexOf('--rounds');
  const rounds = roundsAt < 0 ? 15 : Number(words[roundsAt + 1]);
  const shared = words.find((word, index) => !word.startsWith('--') && (roundsAt < 0 || index !== roundsAt + 1));
  const print = (rows: readonly (readonly string[])[], right: readonly number[]): void => {
    process.stdout.write(`${table(rows, new Set(right)).join('\n')}\n\n`);
  };
  const kernel = openLinuxKernel();
  if (shared !== undefined) printSizes(join(shared, 'corpus'), print);
  const frames = await capturedFrames(shared === undefined ? [] : [join(shared, 'pcaps')]);
  const different = verdictsThatDiffer(kernel, frames);
  process.stdout.write(`verdicts of C and pktf on ${frames.length} captured frames: ${different} differ\n\n`);
  const { rows, medianRatio } = timeFilters(kernel, rounds);
  print(rows, [1, 2, 3, 4]);
  process.stdout.write(`median ratio to clang: ${medianRatio.toFixed(2)}\n\n`);
  print(timeXdpFilter(kernel, rounds), [1, 2, 3]);
}

import { execFileSync } from 'node:child_process';
import type { Program } from '../../src/ebpf/program.ts';
import { programInfo } from '../../src/kernel/bpf/info.ts';
import { openById } from '../../src/kernel/bpf/id.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { readKernelContext } from '../../src/loader/kernel-context.ts';
import { load } from '../../src/loader/load.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { compileFilter, hookProgram, policyOfFilter } from '../../src/pipeline.ts';
import { ebpfSize } from './corpus-size.ts';
import { loadClangPrograms } from './clang-programs.ts';
import { benchFilters, type BenchFilter } from './filters.ts';
import { median, timeInterleaved } from './nanoseconds.ts';
import { benchPackets } from './packets.ts';

/** The program that `attach` loads, or without counters that of `compile --no-counters`. */
export function programOf(kernel: Kernel, { text, counters }: Pick<BenchFilter, 'text' | 'counters'>): Program {
  const source = { name: 'filter', text };
  const filter = compileFilter(source, { linkType: 'EN10MB', names: systemNames(), live: true });
  const kernelContext = readKernelContext(kernel);
  return hookProgram(policyOfFilter(filter, 'drop'), {
    hook: 'xdp',
    counters: counters === true,
    ...(kernelContext === undefined ? {} : { kernelContext }),
  }).program;
}

export interface FilterTimes {
  readonly rows: readonly (readonly string[])[];
  readonly medianRatio: number;
}

/** Each filter's nanoseconds over the empty program, the mean of its packets, ours and clang's side by side. */
export function timeFilters(kernel: Kernel, rounds: number): FilterTimes {
  const clang = loadClangPrograms(kernel);
  const rows = [['filter at XDP', 'pktf', 'clang', 'ratio', 'instructions pktf (twin) / clang']];
  const ratios: number[] = [];
  try {
    const empty = clang.programs.get('empty') as number;
    for (const filter of benchFilters) {
      const program = programOf(kernel, filter);
      const ours = load(kernel, program);
      const theirs = clang.programs.get(filter.function) as number;
      const contestants = filter.packets.flatMap((packet) => {
        const data = benchPackets[packet] as Uint8Array;
        return [empty, ours.descriptor, theirs].map((each) => ({ program: each, data }));
      });
      const times = timeInterleaved(kernel, contestants, rounds);
      const mean = (which: number): number => {
        const over = filter.packets.map((_, i) => (times[3 * i + which] as number) - (times[3 * i] as number));
        return over.reduce((sum, each) => sum + each, 0) / over.length;
      };
      const ratio = mean(1) / mean(2);
      ratios.push(ratio);
      const { fast, twin } = ebpfSize(program);
      const clangSize = programInfo(kernel, theirs).translatedSize / 8;
      const name = filter.counters === true ? `${filter.text}, counting` : filter.text;
      rows.push([name, mean(1).toFixed(2), mean(2).toFixed(2), ratio.toFixed(2), `${fast} (${twin}) / ${clangSize}`]);
      ours.close();
    }
  } finally {
    clang.close();
  }
  return { rows, medianRatio: median(ratios) };
}

/** The same question asked of xdp-filter (xdp-tools), on an interface of a namespace of its own. */
export function timeXdpFilter(kernel: Kernel, rounds: number): readonly (readonly string[])[] {
  const namespace = `pktf-bench-${process.pid}`;
  const run = (command: string, ...words: readonly string[]): string =>
    execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const inside = (...words: readonly string[]): string => run('ip', 'netns', 'exec', namespace, ...words);
  const clang = loadClangPrograms(kernel);
  const ours = load(kernel, programOf(kernel, { text: 'tcp port 22', counters: true }));
  run('ip', 'netns', 'add', namespace);
  try {
    run('ip', '-n', namespace, 'link', 'add', 'va', 'type', 'veth', 'peer', 'name', 'vb');
    run('ip', '-n', namespace, 'link', 'set', 'va', 'up');
    // One shell, for `ip netns exec` gives each command a bpffs that goes with it.
    const setUp = 'mount -t bpf bpf /sys/fs/bpf; xdp-filter load va -m native -f udp,tcp,ipv4,ipv6 -p allow';
    const shown = inside('sh', '-c', `${setUp} >&2 && xdp-filter port 22 -p tcp >&2 && ip -j -d link show va`);
    const id = (JSON.parse(shown) as [{ xdp: { prog: { id: number } } }])[0].xdp.prog.id;
    const theirs = openById(kernel, 'program', id);
    const packets = ['ssh', 'web', 'ssh over IPv6', 'dns'];
    const contestants = packets.flatMap((packet) => {
      const data = benchPackets[packet] as Uint8Array;
      return [clang.programs.get('empty') as number, ours.descriptor, theirs].map((program) => ({ program, data }));
    });
    const times = timeInterleaved(kernel, contestants, rounds);
    const over = (which: number): number =>
      packets.reduce((sum, _, i) => sum + (times[3 * i + which] as number) - (times[3 * i] as number), 0) / 4;
    kernel.close(theirs);
    return [
      ['tcp port 22, counting, at XDP', 'pktf', 'xdp-filter', 'ratio'],
      ['', over(1).toFixed(2), over(2).toFixed(2), (over(1) / over(2)).toFixed(3)],
    ];
  } finally {
    run('ip', 'netns', 'del', namespace);
    ours.close();
    clang.close();
  }
}

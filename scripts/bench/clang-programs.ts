import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPinned } from '../../src/kernel/bpf/object.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';

/** From dist/scripts/bench. */
const source = fileURLToPath(new URL('../../../scripts/bench/filters.c', import.meta.url));

export interface ClangPrograms {
  /** Descriptors by the functions' names. */
  readonly programs: ReadonlyMap<string, number>;
  close(): void;
}

/** Builds the C baseline and loads it. Needs clang, libbpf's headers and bpftool. */
export function loadClangPrograms(kernel: Kernel): ClangPrograms {
  const folder = mkdtempSync(join(tmpdir(), 'pktf-bench-'));
  const pins = `/sys/fs/bpf/pktf_bench_${process.pid}`;
  const programs = new Map<string, number>();
  try {
    const object = join(folder, 'filters.o');
    const options = ['-O2', '-g', '-target', 'bpf', '-mcpu=v3', `-I/usr/include/${machine()}-linux-gnu`];
    execFileSync('clang', [...options, '-c', source, '-o', object], { stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync('bpftool', ['prog', 'loadall', object, pins], { stdio: ['ignore', 'ignore', 'inherit'] });
    for (const name of kernel.listDirectory(pins)) programs.set(name, openPinned(kernel, join(pins, name)));
  } finally {
    rmSync(folder, { recursive: true });
    execFileSync('rm', ['-rf', pins]);
  }
  return { programs, close: () => programs.forEach((descriptor) => kernel.close(descriptor)) };
}

function machine(): string {
  return execFileSync('uname', ['-m'], { encoding: 'utf8' }).trim();
}

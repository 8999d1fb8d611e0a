import { setTimeout } from 'node:timers/promises';
import { mov } from '../ebpf/alu.ts';
import { helper } from '../ebpf/helper.ts';
import { call, exitProgram } from '../ebpf/jump.ts';
import { loadMapValue, store } from '../ebpf/memory.ts';
import type { Program } from '../ebpf/program.ts';
import { lookupElement } from '../kernel/bpf/map.ts';
import { testRun } from '../kernel/bpf/test-run.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { load } from './load.ts';

/** The clock that programs ask, because it costs them nothing: `jiffies`, the ticks of the kernel's timer. */
export interface KernelClock {
  now(): bigint;
  /** How many jiffies a second has (CONFIG_HZ), which no file tells. Takes a tenth of a second. */
  measureRate(): Promise<number>;
  close(): void;
}

/** What x86 and arm64 can be built with. */
const rates = [100, 250, 300, 1000];

const map = 'now';

const tellTime: Program = {
  name: 'pktf_clock',
  type: 'sched-cls',
  instructions: [call(helper.jiffies64), loadMapValue('r1', map), store(8, 'r1', 0, 'r0'), mov('r0', 0), exitProgram],
  maps: [{ name: map, type: 'array', keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 }],
  license: 'Dual MIT/GPL',
};

/** Only programs can read the clock, so this one loads a program of its own. @throws SystemError */
export function openKernelClock(kernel: Kernel): KernelClock {
  const loaded = load(kernel, tellTime);
  const now = (): bigint => {
    testRun(kernel, loaded.descriptor, { data: new Uint8Array(14) });
    const value = lookupElement(kernel, loaded.maps.get(map) as number, new Uint8Array(4), 8) as Uint8Array;
    return new DataView(value.buffer).getBigUint64(0, true);
  };
  return {
    now,
    async measureRate() {
      const before = now();
      const began = performance.now();
      await setTimeout(100);
      const rate = (Number(now() - before) / (performance.now() - began)) * 1000;
      return rates.reduce((best, each) => (Math.abs(each - rate) < Math.abs(best - rate) ? each : best));
    },
    close: () => loaded.close(),
  };
}

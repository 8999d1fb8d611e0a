import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { createInterpreter, interpret } from '../../src/ebpf/interpret/interpret.ts';
import { createMaps } from '../../src/ebpf/interpret/maps.ts';
import { findKernelContext, type KernelContext } from '../../src/ebpf/kernel-context.ts';
import { count, exit } from '../../src/ir/graph.ts';
import { wholePacket } from '../../src/ir/packet.ts';
import { pass } from '../../src/ir/verdict.ts';
import { countPossibleCpus, lookupElement, perCpuValueSize } from '../../src/kernel/bpf/map.ts';
import { testRun } from '../../src/kernel/bpf/test-run.ts';
import { load } from '../../src/loader/load.ts';
import { generateXdp } from '../../src/xdp/program.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';

const typesOfKernel = '/sys/kernel/btf/vmlinux';
const graph = { linkType: 'EN10MB', entry: count(0, exit(pass)) } as const;

describe('counting bytes with a look into the kernel', () => {
  it('agrees with the packet in the interpreter, whatever is directly readable', () => {
    const program = generateXdp(graph, { kernelContext: { castFunction: 5, flagsOffset: 52 } });
    const interpreter = createInterpreter(program);
    for (const linear of [0, 60, 3520, 9000]) {
      const maps = createMaps(program);
      interpret(interpreter, wholePacket(new Uint8Array(9000)), { maps, linear });
      const value = maps.get('counters')?.lookup(new Uint8Array(4)) as Uint8Array;
      expect(new DataView(value.buffer).getBigUint64(8, true)).to.equal(9000n);
    }
  });

  it('agrees with the packet in the kernel, in one buffer or more', async function () {
    const kernel = await openRealKernel(this);
    const kernelContext = contextOfThisKernel();
    requireOrSkip(this, 'kernel 6.2', kernelContext !== undefined, 'the kernel has no bpf_cast_to_kern_ctx');
    const loaded = load(kernel, generateXdp(graph, { kernelContext: kernelContext as KernelContext }));
    try {
      const lengths = [14, 60, 1514, 3520, 3521, 9000, 60000];
      for (const length of lengths) testRun(kernel, loaded.descriptor, { data: new Uint8Array(length) });
      const size = perCpuValueSize(16, countPossibleCpus(kernel));
      const value = lookupElement(kernel, loaded.maps.get('counters') as number, new Uint8Array(4), size) as Uint8Array;
      const numbers = [...new BigUint64Array(value.buffer)];
      const sum = (offset: number): bigint => numbers.filter((_, i) => i % 2 === offset).reduce((a, b) => a + b, 0n);
      expect([sum(0), sum(1)]).to.deep.equal([BigInt(lengths.length), BigInt(lengths.reduce((a, b) => a + b))]);
    } finally {
      loaded.close();
    }
  });

  it('is left out where the types are none', () => {
    expect(findKernelContext(new Uint8Array(0))).to.equal(undefined);
    expect(findKernelContext(new Uint8Array(100))).to.equal(undefined);
  });
});

function contextOfThisKernel(): KernelContext | undefined {
  return existsSync(typesOfKernel) ? findKernelContext(new Uint8Array(readFileSync(typesOfKernel))) : undefined;
}

import { assemble } from '../../src/ebpf/assemble.ts';
import type { Program } from '../../src/ebpf/program.ts';
import { lookupElement } from '../../src/kernel/bpf/map.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { load } from '../../src/loader/load.ts';

/** A program that writes down what the packet before it looked like. */
export interface Witness {
  readonly descriptor: number;
  /** Of the packet seen last. */
  look(): PacketShape;
  close(): void;
}

export interface PacketShape {
  /** Bytes that a program can read without a helper. */
  readonly readable: number;
  /** Bytes of each segment, where the packet is to be segmented, else 0; at TC only. */
  readonly segment: number;
  readonly tagInMetadata: boolean;
}

/** Offsets in the context: `struct __sk_buff` and `struct xdp_md`. */
const contexts = {
  tc: { data: 76, dataEnd: 80, segment: 176, tagPresent: 20, verdict: -1 },
  xdp: { data: 0, dataEnd: 4, segment: undefined, tagPresent: undefined, verdict: 2 },
} as const;

export function loadWitness(kernel: Kernel, hook: 'tc' | 'xdp'): Witness {
  const { data, dataEnd, segment, tagPresent, verdict } = contexts[hook];
  const read = (offset: number | undefined): string =>
    offset === undefined ? 'r1 = 0' : `r1 = *(u32 *)(r6 + ${offset})`;
  const text = `
    r6 = r1
    r1 = 0
    *(u32 *)(r10 - 4) = r1
    r2 = r10
    r2 += -4
    r1 = map[shape]
    call bpf_map_lookup_elem#1
    if r0 == 0 goto <out>
    r1 = *(u32 *)(r6 + ${data})
    r2 = *(u32 *)(r6 + ${dataEnd})
    r2 -= r1
    *(u32 *)(r0 + 0) = r2
    ${read(segment)}
    *(u32 *)(r0 + 4) = r1
    ${read(tagPresent)}
    *(u32 *)(r0 + 8) = r1
<out>:
    r0 = ${verdict}
    exit`;
  const program: Program = {
    name: 'witness',
    type: hook === 'tc' ? 'sched-cls' : 'xdp',
    license: 'MIT',
    instructions: assemble({ name: 'witness', text }),
    maps: [{ name: 'shape', type: 'array', keySize: 4, valueSize: 12, maxEntries: 1, flags: 0 }],
  };
  const loaded = load(kernel, program);
  const shape = loaded.maps.get('shape') as number;
  return {
    descriptor: loaded.descriptor,
    look() {
      const value = lookupElement(kernel, shape, new Uint8Array(4), 12) as Uint8Array;
      const [readable, segment, tag] = new Uint32Array(value.buffer) as Iterable<number> as [number, number, number];
      return { readable, segment, tagInMetadata: tag === 1 };
    },
    close: () => loaded.close(),
  };
}

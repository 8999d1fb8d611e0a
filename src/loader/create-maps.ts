import type { MapSpec } from '../ebpf/program.ts';
import { createMap, updateElement } from '../kernel/bpf/map.ts';
import type { Kernel } from '../kernel/kernel.ts';

/** Descriptors by the maps' names. */
interface CreatedMaps {
  readonly created: ReadonlyMap<string, number>;
  /** Of each map of maps: the map that was put into it. */
  readonly innerMaps: ReadonlyMap<string, number>;
}

/**
 * Creates maps, a map of maps with one empty map in its first place: the kernel wants one to know what the others will
 * be like, and a program finds it there.
 * @param opened is told of each new descriptor at once, so that it can be closed if a later step fails
 * @throws SystemError
 */
export function createMaps(
  kernel: Kernel,
  specs: readonly MapSpec[],
  opened: (descriptor: number) => void,
): CreatedMaps {
  const created = new Map<string, number>();
  const innerMaps = new Map<string, number>();
  for (const { innerMap, ...spec } of specs) {
    if (innerMap === undefined) {
      created.set(spec.name, open(createMap(kernel, spec)));
      continue;
    }
    const inner = open(createMap(kernel, innerMap));
    const outer = open(createMap(kernel, { ...spec, innerMap: inner }));
    innerMaps.set(spec.name, inner);
    created.set(spec.name, outer);
    putInnerMap(kernel, outer, inner);
  }
  return { created, innerMaps };

  function open(descriptor: number): number {
    opened(descriptor);
    return descriptor;
  }
}

/**
 * Makes a map what an outer map holds in its first place, in one step. Returns when no program uses the old one any
 * more (Linux 5.8: the kernel waits for those that run).
 */
export function putInnerMap(kernel: Kernel, outer: number, inner: number): void {
  updateElement(kernel, outer, new Uint8Array(4), new Uint8Array(Uint32Array.of(inner).buffer));
}

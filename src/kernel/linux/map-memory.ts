import koffi from 'koffi';
import type { MappedMemory } from '../kernel.ts';
import { SystemError } from '../system-error.ts';
import type { CFunction } from './c-library.ts';
import { invokeOnce } from './invoke.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

interface MemoryFunctions {
  readonly mmap: CFunction;
  readonly munmap: CFunction;
}

/** Maps a descriptor's first bytes into this process. */
export function mapMemory(c: MemoryFunctions, descriptor: number, length: number): MappedMemory {
  const address = BigInt(c.mmap(null, length, PROT_READ_WRITE, MAP_SHARED, descriptor, 0));
  if (address === -1n) throw new SystemError('mmap', koffi.errno());
  let mapped = true;
  return {
    bytes: new Uint8Array(koffi.view(address, length)),
    unmap() {
      if (mapped) invokeOnce('munmap', c.munmap, address, length);
      mapped = false;
    },
  };
}

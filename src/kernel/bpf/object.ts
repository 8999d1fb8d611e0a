import type { Kernel } from '../kernel.ts';
import { attributes, cString } from './attributes.ts';
import { command } from './command.ts';

/** Offsets in `union bpf_attr` for OBJ_PIN and OBJ_GET. */
const object = { size: 16, path: 0, descriptor: 8, flags: 12 };
const BPF_F_RDONLY = 1 << 3;

/** Gives a program, map or link a name in the bpffs, which keeps it alive. EEXIST where the path is taken. */
export function pinObject(kernel: Kernel, descriptor: number, path: string): void {
  const bytes = attributes(object.size, { [object.descriptor]: descriptor });
  kernel.bpf(command.OBJ_PIN, bytes, [{ offset: object.path, buffer: cString(path) }]);
}

/**
 * Opens a pinned program, map or link.
 * @param access a map whose file mode forbids writing can be had read-only; programs take no such flag
 * @returns a descriptor
 */
export function openPinned(kernel: Kernel, path: string, access: 'full' | 'read-only' = 'full'): number {
  const bytes = attributes(object.size, { [object.flags]: access === 'read-only' ? BPF_F_RDONLY : 0 });
  return kernel.bpf(command.OBJ_GET, bytes, [{ offset: object.path, buffer: cString(path) }]);
}

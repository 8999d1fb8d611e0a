import type { Kernel } from '../kernel.ts';
import { isSystemError } from '../system-error.ts';
import { attributes, viewOf } from './attributes.ts';
import { command } from './command.ts';

/** What the kernel numbers, each kind for itself. */
export type ObjectKind = 'program' | 'map' | 'link' | 'btf';

const nextIdCommands: Readonly<Record<ObjectKind, number>> = {
  program: command.PROG_GET_NEXT_ID,
  map: command.MAP_GET_NEXT_ID,
  link: command.LINK_GET_NEXT_ID,
  btf: command.BTF_GET_NEXT_ID,
};

const openCommands: Readonly<Record<ObjectKind, number>> = {
  program: command.PROG_GET_FD_BY_ID,
  map: command.MAP_GET_FD_BY_ID,
  link: command.LINK_GET_FD_BY_ID,
  btf: command.BTF_GET_FD_BY_ID,
};

/** Offsets in `union bpf_attr` for these commands. */
const byId = { size: 12, id: 0, next: 4 };

/** Ids of all objects of a kind, rising. Wants CAP_SYS_ADMIN. */
export function* objectIds(kernel: Kernel, kind: ObjectKind): Generator<number> {
  for (let id = 0; ;) {
    const bytes = attributes(byId.size, { [byId.id]: id });
    try {
      kernel.bpf(nextIdCommands[kind], bytes, []);
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return;
      throw error;
    }
    id = viewOf(bytes).getUint32(byId.next, true);
    yield id;
  }
}

/**
 * Opens an object by its id. Wants CAP_SYS_ADMIN; ENOENT when it has gone.
 * @returns a descriptor
 */
export function openById(kernel: Kernel, kind: ObjectKind, id: number): number {
  return kernel.bpf(openCommands[kind], attributes(byId.size, { [byId.id]: id }), []);
}

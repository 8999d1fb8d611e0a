import type { Kernel } from '../kernel.ts';
import { attributes } from './attributes.ts';
import { command } from './command.ts';

/** Offsets in `union bpf_attr` for PROG_BIND_MAP. */
const binding = { size: 12, program: 0, map: 4, flags: 8 };

/** Ties a map's life to a program that does not use it: both go together (Linux 5.10). */
export function bindMap(kernel: Kernel, program: number, map: number): void {
  kernel.bpf(command.PROG_BIND_MAP, attributes(binding.size, { [binding.program]: program, [binding.map]: map }), []);
}

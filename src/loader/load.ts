import { encode } from '../ebpf/encode.ts';
import { debugInfoOf } from '../ebpf/debug-info.ts';
import type { Program } from '../ebpf/program.ts';
import { loadBtf } from '../kernel/bpf/btf.ts';
import {
  attachTypes,
  loadProgram,
  programFlags,
  VerifierError,
  type ProgramDebugInfo,
  type ProgramLoad,
} from '../kernel/bpf/program.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { createMaps } from './create-maps.ts';
import { refusalOf } from './program-refused.ts';

/** A program in the kernel with its maps; whoever loaded it closes it, or what holds it otherwise lives on. */
export interface LoadedProgram {
  readonly descriptor: number;
  /** Descriptors by the maps' names. */
  readonly maps: ReadonlyMap<string, number>;
  /** Of each map of maps by its name: the map that was put into it, empty. */
  readonly innerMaps: ReadonlyMap<string, number>;
  close(): void;
}

/**
 * Creates a program's maps and loads it. Every XDP program is loaded with frags support and one attach type, every TC
 * program with none, so that any of them can stand in for another (DESIGN section 7).
 * @param provided descriptors, by the maps' names, of maps that exist already and stand for those of the program; they
 * stay the caller's
 * @throws ProgramRefused when the verifier refuses (a bug of ours), ProgramTooLarge, SystemError otherwise; nothing is
 * left behind
 */
export function load(
  kernel: Kernel,
  program: Program,
  provided: ReadonlyMap<string, number> = new Map(),
): LoadedProgram {
  const open: number[] = [];
  const close = (): void => {
    for (const descriptor of open.splice(0)) kernel.close(descriptor);
  };
  try {
    const missing = program.maps.filter(({ name }) => !provided.has(name));
    const { created, innerMaps } = createMaps(kernel, missing, (descriptor) => open.push(descriptor));
    const maps = new Map([...provided, ...created]);
    const descriptor = loadWithMaps(kernel, program, maps);
    open.push(descriptor);
    return { descriptor, maps, innerMaps, close };
  } catch (error) {
    close();
    throw refusalOf(program, error) ?? error;
  }
}

function loadWithMaps(kernel: Kernel, program: Program, maps: ReadonlyMap<string, number>): number {
  const instructions = encode(program.instructions, { maps });
  const base: ProgramLoad = {
    name: program.name,
    type: program.type,
    instructions,
    license: program.license,
    ...(program.type === 'xdp' ? { expectedAttachType: attachTypes.xdp, flags: programFlags.xdpHasFrags } : {}),
  };
  const debugInfo = loadDebugInfo(kernel, program);
  if (debugInfo === undefined) return loadProgram(kernel, base);
  try {
    return loadProgram(kernel, { ...base, debugInfo });
  } finally {
    kernel.close(debugInfo.btf);
  }
}

/** A kernel without BTF (CONFIG_DEBUG_INFO_BTF=n before 5.x, say) runs the same program without the user's words. */
function loadDebugInfo(kernel: Kernel, program: Program): ProgramDebugInfo | undefined {
  const { btf, functions, lines } = debugInfoOf(program);
  try {
    return { btf: loadBtf(kernel, btf), functions, lines };
  } catch (error) {
    if (isSystemError(error, 'EINVAL') && !(error instanceof VerifierError)) return undefined;
    throw error;
  }
}

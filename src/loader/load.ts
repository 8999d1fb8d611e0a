import { encode } from '../ebpf/encode.ts';
import { debugInfoOf } from '../ebpf/debug-info.ts';
import type { Program } from '../ebpf/program.ts';
import { loadBtf } from '../kernel/bpf/btf.ts';
import { createMap } from '../kernel/bpf/map.ts';
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
import { refusal } from './program-refused.ts';

/** A program in the kernel with its maps; whoever loaded it closes it, or what holds it otherwise lives on. */
export interface LoadedProgram {
  readonly descriptor: number;
  /** Descriptors by the maps' names. */
  readonly maps: ReadonlyMap<string, number>;
  close(): void;
}

/**
 * Creates a program's maps and loads it. Every XDP program is loaded with frags support and one attach type, every TC
 * program with none, so that any of them can stand in for another (DESIGN section 7).
 * @throws ProgramRefused when the verifier refuses (a bug of ours), SystemError otherwise; nothing is left behind
 */
export function load(kernel: Kernel, program: Program): LoadedProgram {
  const open: number[] = [];
  const close = (): void => {
    for (const descriptor of open.splice(0)) kernel.close(descriptor);
  };
  try {
    const maps = new Map<string, number>();
    for (const spec of program.maps) {
      const descriptor = createMap(kernel, spec);
      open.push(descriptor);
      maps.set(spec.name, descriptor);
    }
    const descriptor = loadWithMaps(kernel, program, maps);
    open.push(descriptor);
    return { descriptor, maps, close };
  } catch (error) {
    close();
    throw error instanceof VerifierError ? refusal(program, error) : error;
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

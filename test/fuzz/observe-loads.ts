import { command } from '../../src/kernel/bpf/command.ts';
import { programInfo } from '../../src/kernel/bpf/info.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';

/** What the verifier had to do with the programs that went through a kernel. */
export interface VerifierFigures {
  programs: number;
  /** Milliseconds. */
  longestLoad: number;
  /** Instructions that the verifier went through for one program. */
  mostVerified: number;
  /** Bytes of native code of one program. */
  largestNative: number;
}

/** The kernel, and figures that grow with every program that it loads. */
export function observeLoads(kernel: Kernel): { readonly kernel: Kernel; readonly figures: VerifierFigures } {
  const figures: VerifierFigures = { programs: 0, longestLoad: 0, mostVerified: 0, largestNative: 0 };
  const bpf: Kernel['bpf'] = (which, attributes, references) => {
    const started = performance.now();
    const result = kernel.bpf(which, attributes, references);
    if (which !== command.PROG_LOAD) return result;
    const info = programInfo(kernel, result);
    figures.programs++;
    figures.longestLoad = Math.max(figures.longestLoad, performance.now() - started);
    figures.mostVerified = Math.max(figures.mostVerified, info.verifiedInstructions);
    figures.largestNative = Math.max(figures.largestNative, info.nativeSize);
    return result;
  };
  return { kernel: { ...kernel, bpf }, figures };
}

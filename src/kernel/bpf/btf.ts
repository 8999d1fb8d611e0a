import type { Kernel } from '../kernel.ts';
import { SystemError } from '../system-error.ts';
import { attributes, textOf } from './attributes.ts';
import { command } from './command.ts';
import { VerifierError } from './program.ts';

/** Offsets in `union bpf_attr` for BTF_LOAD. */
const load = { size: 28, btf: 0, log: 8, btfSize: 16, logSize: 20, logLevel: 24 };
const logSize = 1 << 16;

/**
 * Loads BTF (type and line information).
 * @returns a descriptor
 * @throws VerifierError with what the kernel found wrong in it
 */
export function loadBtf(kernel: Kernel, btf: Uint8Array): number {
  try {
    return kernel.bpf(command.BTF_LOAD, attributes(load.size, { [load.btfSize]: btf.length }), [
      { offset: load.btf, buffer: btf },
    ]);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    const log = btfLog(kernel, btf);
    throw log === '' ? error : new VerifierError(error.call, error.errno, log);
  }
}

function btfLog(kernel: Kernel, btf: Uint8Array): string {
  const log = new Uint8Array(logSize);
  const fields = { [load.btfSize]: btf.length, [load.logSize]: log.length, [load.logLevel]: 1 };
  try {
    const descriptor = kernel.bpf(command.BTF_LOAD, attributes(load.size, fields), [
      { offset: load.btf, buffer: btf },
      { offset: load.log, buffer: log },
    ]);
    kernel.close(descriptor);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  }
  return textOf(log);
}

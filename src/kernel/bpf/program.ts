import type { Kernel, Reference } from '../kernel.ts';
import { SystemError, isSystemError } from '../system-error.ts';
import { attributes, cString, setObjectName, textOf } from './attributes.ts';
import { command } from './command.ts';

/** Numbers of `enum bpf_prog_type`. */
export const programTypes = { 'socket-filter': 1, 'sched-cls': 3, xdp: 6 } as const;

/** BPF_F_… of PROG_LOAD. */
export const programFlags = { xdpHasFrags: 1 << 5 } as const;

/** Numbers of `enum bpf_attach_type`. */
export const attachTypes = { xdp: 37, tcxIngress: 46, tcxEgress: 47 } as const;

/** What PROG_LOAD wants to know. */
export interface ProgramLoad {
  readonly name: string;
  readonly type: keyof typeof programTypes;
  /** `struct bpf_insn`, 8 bytes each. */
  readonly instructions: Uint8Array;
  readonly license: string;
  readonly expectedAttachType?: number;
  /** See `programFlags`. */
  readonly flags?: number;
  readonly debugInfo?: ProgramDebugInfo;
}

/** BTF that belongs to a program: its functions and the lines of source that its instructions came from. */
export interface ProgramDebugInfo {
  /** A descriptor from `loadBtf`. */
  readonly btf: number;
  /** `struct bpf_func_info` records (8 bytes each: instruction, type id). */
  readonly functions: Uint8Array;
  /** `struct bpf_line_info` records (16 bytes each: instruction, file name, text, line << 10 | column). */
  readonly lines: Uint8Array;
}

/** The verifier refused a program. `kernelText` is its telling line. */
export class VerifierError extends SystemError {
  /** All that the verifier wrote. */
  readonly log: string;

  constructor(call: string, errno: number, log: string) {
    super(call, errno, tellingLine(log));
    this.name = 'VerifierError';
    this.log = log;
  }
}

/** Offsets in `union bpf_attr` for PROG_LOAD, and the sizes of its records. */
const load = {
  size: 144,
  type: 0,
  instructionCount: 4,
  instructions: 8,
  license: 16,
  logLevel: 24,
  logSize: 28,
  log: 32,
  flags: 44,
  name: 48,
  expectedAttachType: 68,
  btf: 72,
  functionRecordSize: 76,
  functions: 80,
  functionCount: 88,
  lineRecordSize: 92,
  lines: 96,
  lineCount: 104,
};
const instructionSize = 8;
const functionRecordSize = 8;
const lineRecordSize = 16;

const firstLogSize = 1 << 16;
const largestLogSize = 1 << 26;
/** The verifier gives up with EAGAIN when a signal is pending. */
const attempts = 5;

/**
 * Loads a program: first without a log, which is faster; when the verifier refuses, again with one.
 * @returns a descriptor
 * @throws VerifierError when the verifier says why, else SystemError (EPERM: CAP_BPF is missing)
 */
export function loadProgram(kernel: Kernel, program: ProgramLoad): number {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return loadWithLog(kernel, program, undefined);
    } catch (error) {
      if (isSystemError(error, 'EAGAIN') && attempt < attempts) continue;
      if (!(error instanceof SystemError)) throw error;
      const log = verifierLog(kernel, program);
      throw log === '' ? error : new VerifierError(error.call, error.errno, log);
    }
  }
}

/** What the verifier writes about a program; empty when it was not asked (no permission, no such program type). */
export function verifierLog(kernel: Kernel, program: ProgramLoad): string {
  for (let size = firstLogSize; ; size *= 8) {
    const log = new Uint8Array(size);
    try {
      kernel.close(loadWithLog(kernel, program, log));
    } catch (error) {
      if (isSystemError(error, 'ENOSPC') && size < largestLogSize) continue;
      if (!(error instanceof SystemError)) throw error;
    }
    return textOf(log);
  }
}

function loadWithLog(kernel: Kernel, program: ProgramLoad, log: Uint8Array | undefined): number {
  const { debugInfo } = program;
  const references: Reference[] = [
    { offset: load.instructions, buffer: program.instructions },
    { offset: load.license, buffer: cString(program.license) },
  ];
  const fields: Record<number, number> = {
    [load.type]: programTypes[program.type],
    [load.instructionCount]: program.instructions.length / instructionSize,
    [load.flags]: program.flags ?? 0,
    [load.expectedAttachType]: program.expectedAttachType ?? 0,
  };
  if (debugInfo !== undefined) {
    fields[load.btf] = debugInfo.btf;
    fields[load.functionRecordSize] = functionRecordSize;
    fields[load.functionCount] = debugInfo.functions.length / functionRecordSize;
    fields[load.lineRecordSize] = lineRecordSize;
    fields[load.lineCount] = debugInfo.lines.length / lineRecordSize;
    references.push({ offset: load.functions, buffer: debugInfo.functions });
    references.push({ offset: load.lines, buffer: debugInfo.lines });
  }
  if (log !== undefined) {
    fields[load.logLevel] = 1;
    fields[load.logSize] = log.length;
    references.push({ offset: load.log, buffer: log });
  }
  const bytes = attributes(load.size, fields);
  setObjectName(bytes, load.name, program.name);
  return kernel.bpf(command.PROG_LOAD, bytes, references);
}

/** The last line before the statistics: there the verifier stopped. */
function tellingLine(log: string): string {
  const lines = log.split('\n').map((line) => line.trim());
  const said = lines.filter(
    (line) => line !== '' && !/^(processed \d+ insns|verification time|stack depth)/.test(line),
  );
  return said.at(-1) ?? 'refused by the verifier';
}

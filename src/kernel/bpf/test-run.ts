import type { Kernel, Reference } from '../kernel.ts';
import { attributes, viewOf } from './attributes.ts';
import { command } from './command.ts';

/** One packet for PROG_TEST_RUN. */
export interface TestRun {
  /**
   * The frame. XDP takes 14 to about 64,000 bytes; TC takes IPv4 from 34 bytes on, IPv6 from 54, and about 3,500 at
   * most. Whatever the frame, all of it is directly readable and no tag is in metadata.
   */
  readonly data: Uint8Array;
  /** How often, 1 unless said; more than once costs XDP 10–20 ms a call. */
  readonly repeat?: number;
  /** Room for the frame as the program left it; without it the frame is not copied back. */
  readonly dataOut?: Uint8Array;
  /** `struct xdp_md` or `struct __sk_buff` as the program shall find it. */
  readonly context?: Uint8Array;
  readonly contextOut?: Uint8Array;
}

export interface TestRunResult {
  readonly returnValue: number;
  /** Length of the frame after the program. */
  readonly dataLength: number;
  /** Nanoseconds a run, on average. */
  readonly duration: number;
}

/** Offsets in `union bpf_attr` for PROG_TEST_RUN. */
const run = {
  size: 80,
  program: 0,
  returnValue: 4,
  dataSizeIn: 8,
  dataSizeOut: 12,
  dataIn: 16,
  dataOut: 24,
  repeat: 32,
  duration: 36,
  contextSizeIn: 40,
  contextSizeOut: 44,
  contextIn: 48,
  contextOut: 56,
};

/** Runs a loaded program over a packet that goes nowhere. */
export function testRun(kernel: Kernel, programDescriptor: number, test: TestRun): TestRunResult {
  const bytes = attributes(run.size, {
    [run.program]: programDescriptor,
    [run.dataSizeIn]: test.data.length,
    [run.dataSizeOut]: test.dataOut?.length ?? 0,
    [run.repeat]: test.repeat ?? 1,
    [run.contextSizeIn]: test.context?.length ?? 0,
    [run.contextSizeOut]: test.contextOut?.length ?? 0,
  });
  const references: Reference[] = [{ offset: run.dataIn, buffer: test.data }];
  if (test.dataOut !== undefined) references.push({ offset: run.dataOut, buffer: test.dataOut });
  if (test.context !== undefined) references.push({ offset: run.contextIn, buffer: test.context });
  if (test.contextOut !== undefined) references.push({ offset: run.contextOut, buffer: test.contextOut });
  kernel.bpf(command.PROG_TEST_RUN, bytes, references);
  const view = viewOf(bytes);
  return {
    returnValue: view.getUint32(run.returnValue, true),
    dataLength: view.getUint32(run.dataSizeOut, true),
    duration: view.getUint32(run.duration, true),
  };
}

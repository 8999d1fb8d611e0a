import type { Context } from 'mocha';
import { encodeProgram } from '../../src/cbpf/raw.ts';
import type { Instruction } from '../../src/cbpf/instruction.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { isSystemError } from '../../src/kernel/system-error.ts';
import { openVerdictSocket } from '../../src/socket/verdict-socket.ts';
import { requireOrSkip } from './require.ts';

/** The kernel as a machine for classic programs. */
export interface ClassicKernel {
  readonly kernel: Kernel;
  /** Bytes kept of each packet; undefined for no match. */
  run(instructions: readonly Instruction[], packets: readonly Uint8Array[]): readonly (number | undefined)[];
  /** Whether the kernel takes a program, asked without our own check before it. */
  takes(instructions: readonly Instruction[]): boolean;
}

/** The kernel of this machine; root is not needed. Call it in a `before` of the suite. */
export async function openClassicKernel(context: Context): Promise<ClassicKernel> {
  requireOrSkip(context, 'kernel', process.platform === 'linux', 'this is not Linux');
  const { openLinuxKernel } = await import('../../src/kernel/linux/index.ts');
  const kernel = openLinuxKernel();
  return {
    kernel,
    run(instructions, packets) {
      const socket = openVerdictSocket(kernel, instructions);
      try {
        return packets.map((bytes) => socket.keptLength(bytes));
      } finally {
        socket.close();
      }
    },
    takes: (instructions) => attachesUnchecked(kernel, instructions),
  };
}

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

function attachesUnchecked(kernel: Kernel, instructions: readonly Instruction[]): boolean {
  const descriptor = kernel.socket(AF_UNIX, SOCK_DGRAM, 0);
  const program = new Uint8Array(16);
  new DataView(program.buffer).setUint16(0, instructions.length, true);
  const reference = { offset: 8, buffer: encodeProgram(instructions, true) };
  try {
    kernel.setSocketOption(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program, [reference]);
    return true;
  } catch (error) {
    if (isSystemError(error, 'EINVAL')) return false;
    throw error;
  } finally {
    kernel.close(descriptor);
  }
}

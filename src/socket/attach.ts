import { mostInstructions, requireValid } from '../cbpf/check.ts';
import type { Instruction } from '../cbpf/instruction.ts';
import { decodeProgram, encodeProgram, rawInstructionSize } from '../cbpf/raw.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError, SystemError } from '../kernel/system-error.ts';

const SOL_SOCKET = 1;
/** asm-generic/socket.h; reading SO_ATTACH_FILTER is called SO_GET_FILTER. */
const SO_ATTACH_FILTER = 26;
const SO_DETACH_FILTER = 27;
const SO_LOCK_FILTER = 44;

/** `struct sock_fprog` of a 64-bit Linux: the number of instructions, and where they are. */
const program = { size: 16, count: 0, instructions: 8 };

/** All machines that koffi knows under Linux with 64 bits and BPF are. */
const littleEndian = true;

/**
 * Attaches a classic program to any socket; it decides on packets that arrive from now on. A program that is there
 * already is replaced in one step, so that no packet passes unseen. Packets that wait in the socket's buffer stay
 * there: a socket that must not deliver one that the program rejects gets it before it is bound.
 * @throws InvalidProgramError where the kernel would say no more than EINVAL
 * @throws SystemError EPERM where the filter is locked, ENOMEM where the system's limit on its size is too low
 */
export function attachFilter(kernel: Kernel, descriptor: number, instructions: readonly Instruction[]): void {
  requireValid(instructions);
  const value = new Uint8Array(program.size);
  new DataView(value.buffer).setUint16(program.count, instructions.length, littleEndian);
  const reference = { offset: program.instructions, buffer: encodeProgram(instructions, littleEndian) };
  explained(() => kernel.setSocketOption(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, value, [reference]));
}

/**
 * Takes the program of a socket away: it sees all packets again.
 * @returns whether there was one
 * @throws SystemError EPERM where the filter is locked
 */
export function detachFilter(kernel: Kernel, descriptor: number): boolean {
  try {
    explained(() => kernel.setSocketOption(descriptor, SOL_SOCKET, SO_DETACH_FILTER, u32(0)));
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

/**
 * Keeps the program where it is for the socket's lifetime, before the descriptor goes to a less trusted process.
 * (Linux 3.9)
 */
export function lockFilter(kernel: Kernel, descriptor: number): void {
  kernel.setSocketOption(descriptor, SOL_SOCKET, SO_LOCK_FILTER, u32(1));
}

/**
 * The classic program of a socket; undefined where there is none. (Linux 3.8)
 * @throws SystemError EACCES where the socket has an eBPF program
 */
export function attachedFilter(kernel: Kernel, descriptor: number): readonly Instruction[] | undefined {
  const bytes = new Uint8Array(mostInstructions * rawInstructionSize);
  // For this option alone the kernel answers with a count of instructions instead of bytes.
  const count = kernel.getSocketOption(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, bytes);
  return count === 0 ? undefined : decodeProgram(bytes.subarray(0, count * rawInstructionSize), littleEndian);
}

/** Says in words what an errno means for a filter. */
function explained(call: () => void): void {
  try {
    call();
  } catch (error) {
    const text = error instanceof SystemError ? explanations.get(error.code) : undefined;
    if (text === undefined) throw error;
    const { call: name, errno } = error as SystemError;
    throw new SystemError(name, errno, text);
  }
}

const explanations: ReadonlyMap<string, string> = new Map([
  ['EPERM', 'the filter of this socket is locked'],
  ['ENOMEM', 'the program is larger than net.core.optmem_max allows for a socket'],
]);

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, littleEndian);
  return bytes;
}

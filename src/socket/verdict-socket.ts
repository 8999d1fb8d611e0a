import type { Instruction } from '../cbpf/instruction.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { attachFilter } from './attach.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
/** Linux 4.12. */
const SO_MEMINFO = 55;
/** What SO_MEMINFO tells: nine 32-bit numbers, of which this one is SK_MEMINFO_WMEM_ALLOC (linux/sock_diag.h). */
const memoryInfo = { size: 36, sentAndNotReceived: 8 };
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;

/** The kernel asks for this room beside a message in the send buffer (unix_dgram_sendmsg in net/unix/af_unix.c). */
const roomBesideMessage = 32;
/** Send buffer to ask for; the kernel gives double of it, or of net.core.wmem_max. */
const wantedSendBuffer = 1 << 20;

/** The kernel's own machine for classic programs, as a function over packets. */
export interface VerdictSocket {
  /** Longer packets do not fit the send buffer. */
  readonly longestPacket: number;
  /**
   * Asks the kernel for one packet, which is whole here: its length on the wire is the number of its bytes. There is
   * no interface, no tag and no mark, so that a load of an interface's index ends the program with no match.
   * @returns how many bytes it keeps, at most all; undefined for no match (an empty packet can match and keeps 0)
   * @throws SystemError EMSGSIZE for more than `longestPacket` bytes
   */
  keptLength(bytes: Uint8Array): number | undefined;
  close(): void;
}

/**
 * Runs a classic program in the kernel without privileges: on one end of a pair of AF_UNIX datagram sockets. What is
 * sent at the other end arrives, cut to the kept length, or does not; both happen before send(2) returns.
 * @throws InvalidProgramError
 */
export function openVerdictSocket(kernel: Kernel, instructions: readonly Instruction[]): VerdictSocket {
  const [sender, receiver] = kernel.socketPair(AF_UNIX, SOCK_DGRAM, 0);
  const close = () => {
    kernel.close(sender);
    kernel.close(receiver);
  };
  try {
    attachFilter(kernel, receiver, instructions);
    const longestPacket = growSendBuffer(kernel, sender) - roomBesideMessage;
    const nothing = new Uint8Array(0);
    const memory = new Uint8Array(memoryInfo.size);
    const memoryView = new DataView(memory.buffer);
    return {
      longestPacket,
      close,
      keptLength(bytes) {
        kernel.send(sender, bytes, 0);
        // Asking first is four times as fast as an EAGAIN from recv(2), which becomes an exception.
        kernel.getSocketOption(sender, SOL_SOCKET, SO_MEMINFO, memory);
        if (memoryView.getUint32(memoryInfo.sentAndNotReceived, true) === 0) return undefined;
        return kernel.receive(receiver, nothing, MSG_DONTWAIT | MSG_TRUNC);
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** @returns its size in bytes */
function growSendBuffer(kernel: Kernel, descriptor: number): number {
  const value = new Uint8Array(4);
  const view = new DataView(value.buffer);
  view.setUint32(0, wantedSendBuffer, true);
  kernel.setSocketOption(descriptor, SOL_SOCKET, SO_SNDBUF, value);
  kernel.getSocketOption(descriptor, SOL_SOCKET, SO_SNDBUF, value);
  return view.getUint32(0, true);
}

import type { Kernel } from './kernel.ts';
import { SystemError } from './system-error.ts';

/** A ring of blocks that the kernel fills with packets (TPACKET_V3), in memory that it shares with us. */
export interface PacketRing {
  readonly blockSize: number;
  /**
   * Copies the next full block out of the ring and gives its place back to the kernel.
   * @param into `blockSize` bytes
   * @returns how many packets are in it, undefined where no block is full yet
   */
  takeBlock(into: Uint8Array): number | undefined;
  /** @throws SystemError what has happened to the socket (ENETDOWN: the interface has gone), once */
  throwPendingError(): void;
  /** After which nothing may touch the ring; the descriptor is its owner's. */
  close(): void;
}

export interface RingOptions {
  /** Bytes of the whole ring; at least two blocks are made. */
  readonly size: number;
  /** Milliseconds after which a block is handed over though it is not full. */
  readonly timeout: number;
  /** Bytes to leave free before each packet. */
  readonly reserve: number;
}

const SOL_PACKET = 263;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
/** PACKET_… */
const option = { receiveRing: 5, version: 10, reserve: 12 };
const TPACKET_V3 = 2;
const TP_STATUS_KERNEL = 0;
const TP_STATUS_USER = 1;

/** Holds the longest merged packets; a multiple of the page size. Longer packets are cut. */
const blockSize = 1 << 18;
/** Of no meaning to version 3 but checked: must divide the block. */
const frameSize = 1 << 11;

/** 32-bit words of `struct tpacket_block_desc`. */
const blockWord = { status: 2, packets: 3, firstPacket: 4, length: 5 };

/**
 * Makes the ring of a packet socket; to be called before it is bound, so that no packet takes another way.
 * @throws SystemError ENOMEM where there is no memory for it
 */
export function openPacketRing(kernel: Kernel, descriptor: number, options: RingOptions): PacketRing {
  const blocks = Math.max(2, Math.ceil(options.size / blockSize));
  kernel.setSocketOption(descriptor, SOL_PACKET, option.version, words(TPACKET_V3));
  kernel.setSocketOption(descriptor, SOL_PACKET, option.reserve, words(options.reserve));
  const frames = (blockSize / frameSize) * blocks;
  const request = words(blockSize, blocks, frameSize, frames, options.timeout, 0, 0);
  kernel.setSocketOption(descriptor, SOL_PACKET, option.receiveRing, request);
  const memory = kernel.mapMemory(descriptor, blockSize * blocks);
  const ring = new Int32Array(memory.bytes.buffer, memory.bytes.byteOffset, (blockSize / 4) * blocks);
  let next = 0;
  return {
    blockSize,
    takeBlock(into) {
      const start = next * (blockSize / 4);
      // Atomics: what the kernel wrote before it set the status must not be read before it.
      if ((Atomics.load(ring, start + blockWord.status) & TP_STATUS_USER) === 0) return undefined;
      const packets = ring[start + blockWord.packets] as number;
      const length = ring[start + blockWord.length] as number;
      into.set(memory.bytes.subarray(next * blockSize, next * blockSize + length));
      Atomics.store(ring, start + blockWord.status, TP_STATUS_KERNEL);
      next = (next + 1) % blocks;
      return packets;
    },
    throwPendingError() {
      const value = new Uint8Array(4);
      kernel.getSocketOption(descriptor, SOL_SOCKET, SO_ERROR, value);
      const errno = new DataView(value.buffer).getUint32(0, true);
      if (errno !== 0) throw new SystemError('receive packets', errno);
    },
    close: () => memory.unmap(),
  };
}

/** Where the first packet of a block stands. */
export function firstPacketOf(block: DataView): number {
  return block.getUint32(4 * blockWord.firstPacket, true);
}

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

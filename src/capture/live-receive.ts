import type { Kernel } from '../kernel/kernel.ts';
import { receivePacket, tagRoom, type ReceivedPacket } from '../kernel/packet-socket.ts';
import type { PacketBatch } from './batch.ts';
import { batchCapacity, startBatch } from './columns.ts';
import type { LiveOptions } from './live.ts';
import { createLiveColumns, frontRoom } from './live-columns.ts';

/** Bytes that a batch may take; one more packet of the longest kind always fits behind them. */
const batchBytes = 1 << 20;

/** Packets by recvmsg(2), a call each, as soon as they are there. */
export async function* receiveBatches(
  kernel: Kernel,
  descriptor: number,
  options: LiveOptions,
  stopped: AbortSignal,
): AsyncGenerator<PacketBatch> {
  const { snaplen } = options;
  const live = createLiveColumns(options, batchBytes + frontRoom + snaplen);
  const { columns } = live;
  let failure: unknown;
  /** The kernel tells of a failure (the interface is gone) before it hands out what had arrived, and only once. */
  const receiveAt = (at: number): ReceivedPacket | undefined => {
    const buffer = columns.bytes.subarray(at - tagRoom, at + snaplen);
    try {
      return receivePacket(kernel, descriptor, buffer);
    } catch (error) {
      if (failure !== undefined) throw error;
      failure = error;
      return receivePacket(kernel, descriptor, buffer);
    }
  };

  while (!stopped.aborted) {
    let at = frontRoom;
    while (columns.count < batchCapacity && at < batchBytes) {
      const packet = receiveAt(at);
      if (packet === undefined) break;
      live.enter(packet, at);
      at += packet.capturedLength + frontRoom;
    }
    if (columns.count > 0) {
      yield columns;
      startBatch(columns);
    } else if (failure !== undefined) throw failure;
    else if (!stopped.aborted) await kernel.waitReadable(descriptor, -1, stopped);
  }
}

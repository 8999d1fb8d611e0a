import type { Kernel } from '../../src/kernel/kernel.ts';
import { openPacketSocket, packetStatistics, receivePacket, restoreTag } from '../../src/kernel/packet-socket.ts';
import type { Namespace } from '../support/netns.ts';

/** A capture of what passes an interface in one direction, in memory. */
export interface Recorder {
  /** Since the last time that this was asked. @throws Error where packets were lost */
  take(): readonly Uint8Array[];
  close(): void;
}

/** Longer than any packet of the kernel's. */
const longestPacket = 1 << 17;
const PACKET_OUTGOING = 4;

export function openRecorder(kernel: Kernel, at: Namespace, direction: 'in' | 'out'): Recorder {
  const socket = at.inside(() =>
    openPacketSocket(kernel, { ifindex: at.ifindex, layer: 'raw', promiscuous: false, receiveBuffer: 256 << 20 }),
  );
  const buffer = new Uint8Array(longestPacket);
  return {
    take() {
      const frames: Uint8Array[] = [];
      for (;;) {
        const packet = receivePacket(kernel, socket, buffer);
        if (packet === undefined) break;
        if ((packet.packetType === PACKET_OUTGOING) !== (direction === 'out')) continue;
        const { start, capturedLength } = restoreTag(buffer, packet);
        frames.push(buffer.slice(start, start + capturedLength));
      }
      const { dropped } = packetStatistics(kernel, socket);
      if (dropped > 0) throw new Error(`${dropped} packets were lost before they were recorded`);
      return frames;
    },
    close: () => kernel.close(socket),
  };
}

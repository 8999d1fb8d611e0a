import type { Kernel } from '../kernel/kernel.ts';
import { openPacketRing, type PacketRing } from '../kernel/packet-ring.ts';
import { openPacketSocket, packetStatistics, type PacketStatistics } from '../kernel/packet-socket.ts';
import type { PacketBatch, PacketSource } from './batch.ts';
import { frontRoom } from './live-columns.ts';
import { receiveBatches } from './live-receive.ts';
import { blockTimeout, ringBatches } from './live-ring.ts';

export interface LiveOptions {
  /** 0 is all interfaces at once, which only `LINUX_SLL2` can show. */
  readonly ifindex: number;
  /** `LINUX_SLL2` has the kernel take the link header off and puts a cooked one in its place. */
  readonly linkType: 'EN10MB' | 'RAW' | 'LINUX_SLL2';
  /** Bytes of a packet to keep. */
  readonly snaplen: number;
  readonly promiscuous: boolean;
  /**
   * `immediate` (default): each packet at once, at the price of a system call. `ring`: through memory shared with the
   * kernel, many at a time and up to 50 ms late; what is younger than that when the source is closed is lost.
   */
  readonly delivery?: 'immediate' | 'ring' | undefined;
  /** Bytes of buffer in the kernel to ask for. A ring has 8 MiB unless said. */
  readonly receiveBuffer?: number;
  /** Attaches a filter, before the first packet can arrive. */
  readonly prepare?: (descriptor: number) => void;
}

/** Packets from an interface, until `close`. */
export interface LiveSource extends PacketSource {
  readonly linkType: LiveOptions['linkType'];
  /** Since the source was opened. `received` counts what passed the filter, dropped packets included. */
  statistics(): PacketStatistics;
}

const defaultRingSize = 8 << 20;

/**
 * Opens a packet socket and gives what arrives as batches. Frames are as they were on the wire: a VLAN tag that the
 * kernel or the card took out is put back.
 * @throws SystemError EPERM without CAP_NET_RAW, ENODEV; from `batches`, ENETDOWN when the interface goes away
 */
export function openLive(kernel: Kernel, options: LiveOptions): LiveSource {
  const { descriptor, ring } = options.delivery === 'ring' ? openWithRing(kernel, options) : openPlain(kernel, options);
  const stopping = new AbortController();
  let total: PacketStatistics = { received: 0, dropped: 0 };
  let closed = false;
  const statistics = (): PacketStatistics => {
    if (!closed) {
      const { received, dropped } = packetStatistics(kernel, descriptor);
      total = { received: total.received + received, dropped: total.dropped + dropped };
    }
    return total;
  };
  return {
    linkType: options.linkType,
    batches: (): AsyncIterable<PacketBatch> =>
      ring === undefined
        ? receiveBatches(kernel, descriptor, options, stopping.signal)
        : ringBatches(kernel, descriptor, ring, options, stopping.signal),
    statistics,
    close() {
      if (closed) return;
      statistics();
      closed = true;
      stopping.abort();
      ring?.close();
      kernel.close(descriptor);
    },
  };
}

interface OpenSocket {
  readonly descriptor: number;
  readonly ring?: PacketRing;
}

function openPlain(kernel: Kernel, options: LiveOptions): OpenSocket {
  const { ifindex, promiscuous, receiveBuffer, prepare } = options;
  const descriptor = openPacketSocket(kernel, {
    ifindex,
    layer: layerOf(options),
    promiscuous,
    ...(receiveBuffer === undefined ? {} : { receiveBuffer }),
    ...(prepare === undefined ? {} : { prepare }),
  });
  return { descriptor };
}

function openWithRing(kernel: Kernel, options: LiveOptions): OpenSocket {
  const { ifindex, promiscuous, prepare, receiveBuffer = defaultRingSize } = options;
  let ring: PacketRing | undefined;
  try {
    const descriptor = openPacketSocket(kernel, {
      ifindex,
      layer: layerOf(options),
      promiscuous,
      prepare(socket) {
        ring = openPacketRing(kernel, socket, { size: receiveBuffer, timeout: blockTimeout, reserve: frontRoom });
        prepare?.(socket);
      },
    });
    return { descriptor, ring: ring as PacketRing };
  } catch (error) {
    ring?.close();
    throw error;
  }
}

function layerOf({ linkType }: LiveOptions): 'raw' | 'cooked' {
  return linkType === 'LINUX_SLL2' ? 'cooked' : 'raw';
}

import type { Kernel } from '../kernel/kernel.ts';
import {
  openPacketSocket,
  packetStatistics,
  receivePacket,
  restoreTag,
  tagRoom,
  type PacketSocket,
  type PacketStatistics,
  type ReceivedPacket,
} from '../kernel/packet-socket.ts';
import type { PacketBatch, PacketSource } from './batch.ts';
import { batchCapacity, createColumns, startBatch } from './columns.ts';
import { cookedHeaderLength, writeCookedHeader } from './cooked-header.ts';

export interface LiveOptions {
  /** 0 is all interfaces at once, which only `LINUX_SLL2` can show. */
  readonly ifindex: number;
  /** `LINUX_SLL2` has the kernel take the link header off and puts a cooked one in its place. */
  readonly linkType: 'EN10MB' | 'RAW' | 'LINUX_SLL2';
  /** Bytes of a packet to keep. */
  readonly snaplen: number;
  readonly promiscuous: boolean;
  /** Bytes of receive buffer in the kernel to ask for. */
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

/** Bytes that a batch of live packets may take; one more packet of the longest kind always fits behind them. */
const batchBytes = 1 << 20;

/**
 * Opens a packet socket and gives what arrives as batches, each as soon as something is there. Frames are as they were
 * on the wire: a VLAN tag that the kernel or the card took out is put back.
 * @throws SystemError EPERM without CAP_NET_RAW, ENODEV; from `batches`, ENETDOWN when the interface goes away
 */
export function openLive(kernel: Kernel, options: LiveOptions): LiveSource {
  const descriptor = openPacketSocket(kernel, socketFor(options));
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
    batches: () => receiveBatches(kernel, descriptor, options, stopping.signal),
    statistics,
    close() {
      if (closed) return;
      statistics();
      closed = true;
      stopping.abort();
      kernel.close(descriptor);
    },
  };
}

function socketFor({ linkType, ...options }: LiveOptions): PacketSocket {
  const layer = linkType === 'LINUX_SLL2' ? 'cooked' : 'raw';
  const { ifindex, promiscuous, receiveBuffer, prepare } = options;
  return {
    ifindex,
    layer,
    promiscuous,
    ...(receiveBuffer === undefined ? {} : { receiveBuffer }),
    ...(prepare === undefined ? {} : { prepare }),
  };
}

async function* receiveBatches(
  kernel: Kernel,
  descriptor: number,
  options: LiveOptions,
  stopped: AbortSignal,
): AsyncGenerator<PacketBatch> {
  const headerRoom = options.linkType === 'LINUX_SLL2' ? cookedHeaderLength : 0;
  const room = Math.max(options.snaplen - headerRoom, 0);
  const columns = createColumns();
  const interfaces = new Uint32Array(batchCapacity);
  const outgoing = new Uint32Array(batchCapacity);
  columns.linkType = options.linkType;
  columns.bytes = new Uint8Array(batchBytes + headerRoom + tagRoom + room);
  columns.metadata = { 'interface-index': interfaces, 'direction-outgoing': outgoing };

  const enter = (packet: ReceivedPacket, position: number): number => {
    const { count } = columns;
    const frame = frameOf(columns.bytes, position, packet, options.linkType);
    columns.offsets[count] = position + frame.start;
    columns.capturedLengths[count] = Math.min(frame.capturedLength, options.snaplen);
    columns.lengths[count] = frame.length;
    columns.seconds[count] = packet.seconds;
    columns.nanoseconds[count] = packet.nanoseconds;
    interfaces[count] = packet.ifindex;
    outgoing[count] = packet.packetType === packetOutgoing ? 1 : 0;
    columns.count++;
    return position + tagRoom + packet.capturedLength;
  };

  let failure: unknown;
  /** The kernel tells of a failure (the interface is gone) before it hands out what had arrived, and only once. */
  const receiveNext = (start: number): ReceivedPacket | undefined => {
    const buffer = columns.bytes.subarray(start, start + tagRoom + room);
    try {
      return receivePacket(kernel, descriptor, buffer);
    } catch (error) {
      if (failure !== undefined) throw error;
      failure = error;
      return receivePacket(kernel, descriptor, buffer);
    }
  };

  while (!stopped.aborted) {
    let position = 0;
    while (columns.count < batchCapacity && position < batchBytes) {
      const packet = receiveNext(position + headerRoom);
      if (packet === undefined) break;
      position = enter(packet, position + headerRoom);
    }
    if (columns.count > 0) {
      yield columns;
      startBatch(columns);
    } else if (failure !== undefined) throw failure;
    else if (!stopped.aborted) await kernel.waitReadable(descriptor, -1, stopped);
  }
}

/** Where a frame is, from the position that it was received at, once its tag and link header are in their places. */
function frameOf(
  bytes: Uint8Array,
  position: number,
  packet: ReceivedPacket,
  linkType: LiveOptions['linkType'],
): { readonly start: number; readonly capturedLength: number; readonly length: number } {
  if (linkType === 'EN10MB') return restoreTag(bytes.subarray(position), packet);
  const { capturedLength, length } = packet;
  if (linkType === 'RAW') return { start: tagRoom, capturedLength, length };
  const added = writeCookedHeader(bytes, position + tagRoom, packet);
  return { start: tagRoom - added, capturedLength: capturedLength + added, length: length + added };
}

/** PACKET_OUTGOING in linux/if_packet.h. */
const packetOutgoing = 4;

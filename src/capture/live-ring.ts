import type { Kernel } from '../kernel/kernel.ts';
import { firstPacketOf, type PacketRing } from '../kernel/packet-ring.ts';
import type { ReceivedPacket } from '../kernel/packet-socket.ts';
import { isSystemError } from '../kernel/system-error.ts';
import type { PacketBatch } from './batch.ts';
import { batchCapacity, startBatch } from './columns.ts';
import type { LiveOptions } from './live.ts';
import { createLiveColumns, type LiveColumns } from './live-columns.ts';

/** Milliseconds after which the kernel hands over what it has. */
export const blockTimeout = 50;

/** Offsets in `struct tpacket3_hdr`, and of the `struct sockaddr_ll` behind it. */
const header = {
  next: 0,
  seconds: 4,
  nanoseconds: 8,
  capturedLength: 12,
  length: 16,
  status: 20,
  bytes: 24,
  tagControl: 32,
  tagProtocol: 36,
  protocol: 50,
  ifindex: 52,
  hardwareType: 56,
  packetType: 58,
  addressLength: 59,
  address: 60,
} as const;

const TP_STATUS_VLAN_VALID = 1 << 4;
const TP_STATUS_VLAN_TPID_VALID = 1 << 6;
const EtherTypeVlan = 0x8100;

/** Packets from a ring, a block at a time. Blocks are copied: memory of the kernel must not outlive the socket. */
export async function* ringBatches(
  kernel: Kernel,
  descriptor: number,
  ring: PacketRing,
  options: LiveOptions,
  stopped: AbortSignal,
): AsyncGenerator<PacketBatch> {
  const live = createLiveColumns(options, ring.blockSize);
  const { columns } = live;
  let failure: unknown;
  while (!stopped.aborted) {
    const packets = ring.takeBlock(columns.bytes);
    if (packets !== undefined) {
      yield* batchesOfBlock(live, packets, options);
      continue;
    }
    if (failure !== undefined) throw failure;
    await kernel.waitReadable(descriptor, -1, stopped);
    if (!stopped.aborted) failure = await pendingError(ring);
  }
}

function* batchesOfBlock(live: LiveColumns, packets: number, options: LiveOptions): Generator<PacketBatch> {
  const { columns } = live;
  const view = new DataView(columns.bytes.buffer);
  let at = firstPacketOf(view);
  for (let left = packets; left > 0; left--) {
    live.enter(packetAt(view, columns.bytes, at, options), at + view.getUint16(at + header.bytes, true));
    at += view.getUint32(at + header.next, true);
    if (columns.count < batchCapacity && left > 1) continue;
    yield columns;
    startBatch(columns);
  }
}

function packetAt(view: DataView, bytes: Uint8Array, at: number, { linkType }: LiveOptions): ReceivedPacket {
  const status = view.getUint32(at + header.status, true);
  const isTagged = (status & TP_STATUS_VLAN_VALID) !== 0;
  const hasProtocol = (status & TP_STATUS_VLAN_TPID_VALID) !== 0;
  const addressLength = linkType === 'LINUX_SLL2' ? Math.min(view.getUint8(at + header.addressLength), 8) : 0;
  return {
    capturedLength: view.getUint32(at + header.capturedLength, true),
    length: view.getUint32(at + header.length, true),
    seconds: view.getUint32(at + header.seconds, true),
    nanoseconds: view.getUint32(at + header.nanoseconds, true),
    ifindex: view.getInt32(at + header.ifindex, true),
    protocol: view.getUint16(at + header.protocol),
    hardwareType: view.getUint16(at + header.hardwareType, true),
    packetType: view.getUint8(at + header.packetType),
    address: bytes.subarray(at + header.address, at + header.address + addressLength),
    tag: isTagged
      ? {
          control: view.getUint32(at + header.tagControl, true),
          protocol: hasProtocol ? view.getUint16(at + header.tagProtocol, true) : EtherTypeVlan,
        }
      : undefined,
  };
}

/** What has happened to the socket; then the block that the kernel was filling comes, too. */
async function pendingError(ring: PacketRing): Promise<unknown> {
  try {
    ring.throwPendingError();
    return undefined;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    await new Promise((resolve) => setTimeout(resolve, 2 * blockTimeout));
    return error;
  }
}

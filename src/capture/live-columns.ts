import { restoreTag, tagRoom, type ReceivedPacket } from '../kernel/packet-socket.ts';
import { batchCapacity, createColumns, type PacketColumns } from './columns.ts';
import { cookedHeaderLength, writeCookedHeader } from './cooked-header.ts';
import type { LiveOptions } from './live.ts';

/** PACKET_OUTGOING in linux/if_packet.h. */
const packetOutgoing = 4;

/** Room that must be free before a received packet's bytes for what comes in front of them. */
export const frontRoom = cookedHeaderLength + tagRoom;

/** Columns for live packets. */
export interface LiveColumns {
  readonly columns: PacketColumns;
  /** Enters a packet whose bytes stand in `columns.bytes` at `at`, and puts its tag and its link header before them. */
  enter(packet: ReceivedPacket, at: number): void;
}

export function createLiveColumns({ linkType, snaplen }: LiveOptions, bufferLength: number): LiveColumns {
  const columns = createColumns();
  const interfaces = new Uint32Array(batchCapacity);
  const outgoing = new Uint32Array(batchCapacity);
  columns.linkType = linkType;
  columns.bytes = new Uint8Array(bufferLength);
  columns.metadata = { 'interface-index': interfaces, 'direction-outgoing': outgoing };
  return {
    columns,
    enter(packet, at) {
      const { count } = columns;
      const added = putInFront(columns.bytes, at, packet, linkType);
      columns.offsets[count] = at - added;
      columns.capturedLengths[count] = Math.min(packet.capturedLength + added, snaplen);
      columns.lengths[count] = packet.length + added;
      columns.seconds[count] = packet.seconds;
      columns.nanoseconds[count] = packet.nanoseconds;
      interfaces[count] = packet.ifindex;
      outgoing[count] = packet.packetType === packetOutgoing ? 1 : 0;
      columns.count++;
    },
  };
}

/** @returns how many bytes came in front */
function putInFront(bytes: Uint8Array, at: number, packet: ReceivedPacket, linkType: LiveOptions['linkType']): number {
  switch (linkType) {
    case 'EN10MB': {
      const { start } = restoreTag(bytes.subarray(at - tagRoom), packet);
      return tagRoom - start;
    }
    case 'RAW':
      return 0;
    case 'LINUX_SLL2':
      return writeCookedHeader(bytes, at, packet);
  }
}

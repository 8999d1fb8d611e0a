import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Namespace } from '../support/netns.ts';
import { openTagPusher } from './tag-pusher.ts';
import type { Transmission, Way } from './transmission.ts';

/** What can send any transmission from an interface. */
export interface Senders {
  send(transmission: Transmission): void;
  close(): void;
}

export function openSenders(kernel: Kernel, from: Namespace): Senders {
  const pusher = openTagPusher(kernel, from);
  const senders: Readonly<Record<Way, Sender>> = {
    socket: socketSender(kernel, from),
    ring: ringSender(kernel, from),
    merged: mergedSender(kernel, from),
  };
  return {
    send({ by, pushed, handed }) {
      pusher.push(pushed);
      senders[by].send(handed);
    },
    close() {
      for (const each of [...Object.values(senders), pusher]) each.close();
    },
  };
}

/** A way for frames to leave an interface. */
interface Sender {
  send(frame: Uint8Array): void;
  close(): void;
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOL_PACKET = 263;
/** PACKET_… */
const option = { version: 10, sendRing: 13, virtioHeader: 15 };

/** By send(2): below a page all bytes are directly readable, above it 14. */
function socketSender(kernel: Kernel, from: Namespace): Sender {
  const descriptor = openSocket(kernel, from, () => {});
  return {
    send: (frame) => void kernel.send(descriptor, frame, 0),
    close: () => kernel.close(descriptor),
  };
}

const TPACKET_V2 = 1;
/** `struct tpacket2_hdr`, and where the frame stands behind it. */
const slot = { size: 1 << 14, count: 16, status: 0, length: 4, data: 32 };
const TP_STATUS_AVAILABLE = 0;
const TP_STATUS_SEND_REQUEST = 1;

/** By a ring in shared memory: 14 bytes of any packet are directly readable. */
function ringSender(kernel: Kernel, from: Namespace): Sender {
  const descriptor = openSocket(kernel, from, (socket) => {
    kernel.setSocketOption(socket, SOL_PACKET, option.version, words(TPACKET_V2));
    const ring = words(slot.size, slot.count, slot.size, slot.count);
    kernel.setSocketOption(socket, SOL_PACKET, option.sendRing, ring);
  });
  const memory = kernel.mapMemory(descriptor, slot.size * slot.count);
  const { bytes } = memory;
  const ring = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let next = 0;
  return {
    send(frame) {
      const start = next * slot.size;
      const status = (start + slot.status) / 4;
      if (Atomics.load(ring, status) !== TP_STATUS_AVAILABLE)
        throw new Error('a frame is still in its slot of the ring');
      bytes.set(frame, start + slot.data);
      ring[(start + slot.length) / 4] = frame.length;
      Atomics.store(ring, status, TP_STATUS_SEND_REQUEST);
      kernel.send(descriptor, new Uint8Array(0), 0);
      next = (next + 1) % slot.count;
    },
    close() {
      memory.unmap();
      kernel.close(descriptor);
    },
  };
}

/** `struct virtio_net_hdr` */
const virtio = { size: 10, flags: 0, kind: 1, headerLength: 2, segment: 4, checksumStart: 6, checksumOffset: 8 };
const VIRTIO_NET_HDR_F_NEEDS_CSUM = 1;
/** VIRTIO_NET_HDR_GSO_…, and where the checksum stands in the transport header. */
const merging = {
  tcpOverIpv4: { kind: 1, checksum: 16, header: 20 },
  tcpOverIpv6: { kind: 4, checksum: 16, header: 20 },
  udp: { kind: 5, checksum: 6, header: 8 },
};
const segmentLength = 1448;

/** TCP and UDP frames as packets that are to be segmented (GSO), as a virtual machine hands them over. */
function mergedSender(kernel: Kernel, from: Namespace): Sender {
  const descriptor = openSocket(kernel, from, (socket) =>
    kernel.setSocketOption(socket, SOL_PACKET, option.virtioHeader, words(1)),
  );
  return {
    send(frame) {
      const message = new Uint8Array(virtio.size + frame.length);
      message.set(virtioHeader(frame));
      message.set(frame, virtio.size);
      kernel.send(descriptor, message, 0);
    },
    close: () => kernel.close(descriptor),
  };
}

function virtioHeader(frame: Uint8Array): Uint8Array {
  const network = frame[12] === 0x81 ? 18 : 14;
  const overIpv6 = frame[network - 2] === 0x86;
  const transport = network + (overIpv6 ? 40 : 20);
  const isUdp = frame[network + (overIpv6 ? 6 : 9)] === 17;
  const { kind, checksum, header } = merging[isUdp ? 'udp' : overIpv6 ? 'tcpOverIpv6' : 'tcpOverIpv4'];
  const bytes = new Uint8Array(virtio.size);
  const view = new DataView(bytes.buffer);
  view.setUint8(virtio.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
  view.setUint8(virtio.kind, kind);
  view.setUint16(virtio.headerLength, transport + header, true);
  view.setUint16(virtio.segment, segmentLength, true);
  view.setUint16(virtio.checksumStart, transport, true);
  view.setUint16(virtio.checksumOffset, checksum, true);
  return bytes;
}

/** A packet socket of protocol 0, which receives nothing. */
function openSocket(kernel: Kernel, from: Namespace, prepare: (descriptor: number) => void): number {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint16(0, AF_PACKET, true);
  new DataView(address.buffer).setInt32(4, from.ifindex, true);
  return from.inside(() => {
    const descriptor = kernel.socket(AF_PACKET, SOCK_RAW, 0);
    try {
      prepare(descriptor);
      kernel.bind(descriptor, address);
      return descriptor;
    } catch (error) {
      kernel.close(descriptor);
      throw error;
    }
  });
}

function words(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

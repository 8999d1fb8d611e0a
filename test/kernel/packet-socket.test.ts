import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import {
  openPacketSocket,
  packetStatistics,
  receivePacket,
  restoreTag,
  tagRoom,
} from '../../src/kernel/packet-socket.ts';
import type { PacketSocket, ReceivedPacket } from '../../src/kernel/packet-socket.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { withNamespaces } from '../support/netns.ts';
import type { Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';

/** An EtherType for experiments: nothing but our frames has it. */
const experimental = [0x88, 0xb5];
const addresses = [2, 0, 0, 0, 0, 11, 2, 0, 0, 0, 0, 10];
const payload = Array.from({ length: 60 }, (_, index) => index);
const plainFrame = Uint8Array.from([...addresses, ...experimental, ...payload]);
const taggedFrame = Uint8Array.from([...addresses, 0x81, 0, 0x60, 7, ...experimental, ...payload]);
const doubleTaggedFrame = Uint8Array.from([...addresses, 0x88, 0xa8, 0, 5, 0x81, 0, 0, 7, ...experimental, ...payload]);
const lateTagFrame = Uint8Array.from([...addresses, 0x91, 0, 0, 7, ...experimental, ...payload]);

const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const AF_UNIX = 1;
const ETH_P_IPV6 = 0x86dd;

/** Attaches classic instructions (8 bytes each) by `struct sock_fprog`. */
function attachFilter(kernel: Kernel, descriptor: number, instructions: Uint8Array): void {
  const program = new Uint8Array(16);
  program[0] = instructions.length / 8;
  kernel.setSocketOption(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, program, [{ offset: 8, buffer: instructions }]);
}

/** `ret #length` */
const acceptBytes = (length: number) => Uint8Array.of(6, 0, 0, 0, length, 0, 0, 0);

describe('packet sockets', () => {
  it('are bound to all protocols only after they are prepared', () => {
    const kernel = recordingKernel();
    const prepare = (descriptor: number) => kernel.getSocketOption(descriptor, 0, 0, new Uint8Array());
    openPacketSocket(kernel, { ifindex: 7, layer: 'raw', promiscuous: true, ignoreOutgoing: true, prepare });
    const calls = kernel.calls.map(({ call, values }) => [call, ...values.slice(call === 'socket' ? 0 : 1)]);
    const u32 = Uint8Array.of(1, 0, 0, 0);
    expect(calls).to.deep.equal([
      ['socket', 17, 3, 0],
      ['setSocketOption', 263, 8, u32],
      ['setSocketOption', 1, 35, u32],
      ['setSocketOption', 263, 23, u32],
      ['getSocketOption', 0, 0, new Uint8Array()],
      ['bind', Uint8Array.of(17, 0, 0, 3, 7, ...new Uint8Array(15))],
      ['setSocketOption', 263, 1, Uint8Array.of(7, 0, 0, 0, 1, ...new Uint8Array(11))],
    ]);
  });

  it('are closed when any step fails', () => {
    const wanted: PacketSocket = { ifindex: 7, layer: 'cooked', promiscuous: true, receiveBuffer: 1 << 20 };
    const steps = recordingKernel();
    openPacketSocket(steps, wanted);
    for (let nth = 2; nth <= steps.calls.length; nth += 1) {
      const kernel = recordingKernel({ failures: [{ nth, errno: 19 }] });
      expect(() => openPacketSocket(kernel, wanted)).to.throw('ENODEV');
      expect(kernel.openDescriptors.size).to.equal(0);
    }
  });

  it('ask for no more buffer than allowed where they may not force it', () => {
    const kernel = recordingKernel({ failures: [{ call: 'setSocketOption', nth: 3, errno: 1 }] });
    openPacketSocket(kernel, { ifindex: 0, layer: 'raw', promiscuous: false, receiveBuffer: 4096 });
    const names = kernel.calls.filter(({ call }) => call === 'setSocketOption').map(({ values }) => values[2]);
    expect(names).to.deep.equal([8, 35, 33, 8]);
  });

  it('leave a frame too short for a tag alone', () => {
    const packet = { capturedLength: 11, length: 64, tag: { control: 1, protocol: 0x8100 } } as ReceivedPacket;
    expect(restoreTag(new Uint8Array(64), packet)).to.deep.equal({ start: tagRoom, capturedLength: 11, length: 64 });
  });
});

describe('packet sockets of the real kernel', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  async function received(
    at: Namespace,
    frames: readonly Uint8Array[],
    from: Namespace,
    options?: Partial<PacketSocket>,
  ) {
    const wanted: PacketSocket = { ifindex: at.ifindex, layer: 'raw', promiscuous: false, ...options };
    const descriptor = at.inside(() => openPacketSocket(kernel, wanted));
    try {
      from.send(...frames);
      const found: { packet: ReceivedPacket; buffer: Uint8Array }[] = [];
      while (found.length < frames.length && (await kernel.waitReadable(descriptor, 1000))) {
        const buffer = new Uint8Array(2048);
        const packet = receivePacket(kernel, descriptor, buffer)!;
        // IPv6 talks to its neighbours unasked.
        if (packet.protocol !== ETH_P_IPV6) found.push({ packet, buffer });
      }
      return { found, statistics: packetStatistics(kernel, descriptor) };
    } finally {
      kernel.close(descriptor);
    }
  }

  it('give the frames of the wire, tags in place', () =>
    withNamespaces(kernel, async ({ a, b }) => {
      const sent = [plainFrame, taggedFrame, doubleTaggedFrame, lateTagFrame];
      const { found, statistics } = await received(b, sent, a);
      const restored = found.map(({ packet, buffer }) => {
        const { start, capturedLength, length } = restoreTag(buffer, packet);
        expect(length).to.equal(capturedLength);
        return buffer.slice(start, start + capturedLength);
      });
      expect(restored).to.deep.equal(sent);
      expect(found.map(({ packet }) => packet.tag)).to.deep.equal([
        undefined,
        { control: 0x6007, protocol: 0x8100 },
        { control: 5, protocol: 0x88a8 },
        undefined,
      ]);
      expect(statistics.dropped).to.equal(0);
      expect(statistics.received).to.be.at.least(sent.length);
    }));

  it('say when, where, from whom and how long', () =>
    withNamespaces(kernel, async ({ a, b }) => {
      const { found } = await received(b, [plainFrame], a);
      const { packet } = found[0]!;
      expect(packet).to.include({ length: 74, capturedLength: 74, ifindex: b.ifindex, protocol: 0x88b5 });
      expect(packet).to.include({ hardwareType: 1, packetType: 0 });
      expect([...packet.address]).to.deep.equal([2, 0, 0, 0, 0, 10]);
      expect(Date.now() / 1000 - packet.seconds - packet.nanoseconds / 1e9).to.be.within(0, 10);
    }));

  it('let a classic filter cut packets, and keep their real length', () =>
    withNamespaces(kernel, async ({ a, b }) => {
      const prepare = (descriptor: number) => attachFilter(kernel, descriptor, acceptBytes(20));
      const { found } = await received(b, [plainFrame, taggedFrame], a, { prepare });
      expect(found.map(({ packet }) => [packet.capturedLength, packet.length])).to.deep.equal([
        [20, 74],
        [20, 74],
      ]);
      const { packet, buffer } = found[1]!;
      expect(restoreTag(buffer, packet)).to.deep.equal({ start: 0, capturedLength: 24, length: 78 });
      expect([...buffer.subarray(0, 24)]).to.deep.equal([...taggedFrame.subarray(0, 24)]);
    }));

  it('on all interfaces at once say which one it was', () =>
    withNamespaces(kernel, async ({ a, b }) => {
      const { found } = await received(b, [plainFrame], a, { ifindex: 0, layer: 'cooked' });
      const { packet, buffer } = found[0]!;
      expect(packet).to.include({ ifindex: b.ifindex, protocol: 0x88b5, capturedLength: payload.length });
      expect([...buffer.subarray(tagRoom, tagRoom + payload.length)]).to.deep.equal(payload);
    }));

  it('see what others send to others only in promiscuous mode', () =>
    withNamespaces(kernel, async ({ a, b }) => {
      const mode = () => b.run('ip', '-d', 'link', 'show', 'vb').match(/promiscuity (\d+)/)![1];
      expect(mode()).to.equal('0');
      const toOthers = Uint8Array.from(plainFrame);
      toOthers[5] = 99;
      const prepare = () => expect(mode()).to.equal('0');
      const { found } = await received(b, [toOthers], a, { promiscuous: true, prepare });
      expect(found[0]!.packet.packetType).to.equal(3);
      expect(mode()).to.equal('0');
    }));

  it('need not see what they send', () =>
    withNamespaces(kernel, async ({ a }) => {
      const own = await received(a, [plainFrame], a);
      expect(own.found[0]!.packet.packetType).to.equal(4);
      const ignoring = a.inside(() =>
        openPacketSocket(kernel, { ifindex: a.ifindex, layer: 'raw', promiscuous: false, ignoreOutgoing: true }),
      );
      try {
        a.send(plainFrame);
        const buffer = new Uint8Array(128);
        for (let packet = receivePacket(kernel, ignoring, buffer); packet !== undefined;) {
          expect(packet.protocol).to.equal(ETH_P_IPV6);
          packet = receivePacket(kernel, ignoring, buffer);
        }
      } finally {
        kernel.close(ignoring);
      }
    }));

  it('fail clearly when the interface is not there or goes away', () =>
    withNamespaces(kernel, async ({ a }) => {
      const wanted: PacketSocket = { ifindex: a.ifindex, layer: 'raw', promiscuous: false };
      const before = kernel.listDirectory('/proc/self/fd').length;
      expect(() => a.inside(() => openPacketSocket(kernel, { ...wanted, ifindex: 999 }))).to.throw(
        'bind: no such device',
      );
      expect(kernel.listDirectory('/proc/self/fd').length).to.equal(before);
      const descriptor = a.inside(() => openPacketSocket(kernel, wanted));
      try {
        a.run('ip', 'link', 'delete', 'va');
        expect(await kernel.waitReadable(descriptor, 1000)).to.equal(true);
        expect(() => drain(descriptor)).to.throw('ENETDOWN');
      } finally {
        kernel.close(descriptor);
      }
    }));

  function drain(descriptor: number): void {
    while (receivePacket(kernel, descriptor, new Uint8Array(128)) !== undefined);
  }

  it('count what did not fit', () =>
    withNamespaces(kernel, async ({ a, b }) => {
      const wanted: PacketSocket = { ifindex: b.ifindex, layer: 'raw', promiscuous: false, receiveBuffer: 4096 };
      const descriptor = b.inside(() => openPacketSocket(kernel, wanted));
      try {
        a.send(...Array.from({ length: 200 }, () => plainFrame));
        const { received: all, dropped } = packetStatistics(kernel, descriptor);
        expect(all).to.be.at.least(200);
        expect(dropped).to.be.within(1, all);
        expect(packetStatistics(kernel, descriptor)).to.deep.equal({ received: 0, dropped: 0 });
      } finally {
        kernel.close(descriptor);
      }
    }));

  it('wait without blocking, and stop waiting on demand', async () => {
    const [one, other] = kernel.socketPair(AF_UNIX, 2, 0);
    try {
      expect(await kernel.waitReadable(other, 20)).to.equal(false);
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 20);
      expect(await kernel.waitReadable(other, -1, controller.signal)).to.equal(false);
      expect(await kernel.waitReadable(other, -1, controller.signal)).to.equal(false);
      setTimeout(() => kernel.send(one, Uint8Array.of(1), 0), 20);
      expect(await kernel.waitReadable(other, -1)).to.equal(true);
      expect(kernel.receive(other, new Uint8Array(4), 0)).to.equal(1);
    } finally {
      kernel.close(one);
      kernel.close(other);
    }
  });
});

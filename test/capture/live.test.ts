import { expect } from 'chai';
import { buildLink, buildVlan, defaultSourceMac } from '../../src/packet/build.ts';
import { etherType } from '../../src/packet/protocol.ts';
import { frameOf } from '../../src/packet/flow-frame.ts';
import { parseFlow } from '../../src/packet/flow.ts';
import { summarize } from '../../src/packet/summary.ts';
import { openLive, type LiveOptions, type LiveSource } from '../../src/capture/live.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { isSystemError } from '../../src/kernel/system-error.ts';
import { withNamespaces, type Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';

/** Unknown to the stack, so that nothing answers them. */
const frames: readonly Uint8Array[] = [
  'tcp 192.0.2.1:1 > 192.0.2.2:22',
  'vlan 7 tcp 192.0.2.1:2 > 192.0.2.2:22 len 100',
  'vlan 7 vlan 9 udp 192.0.2.1:3 > 192.0.2.2:22',
  'udp 192.0.2.1:4 > 192.0.2.2:9 len 1000',
].map((flow) => frameOf(parseFlow(flow)));

const serviceTagged = buildLink('EN10MB', etherType.serviceVlan, buildVlan(5, 0x88b5, new Uint8Array(50), 3));

interface Received {
  readonly bytes: Buffer;
  readonly length: number;
  readonly time: number;
  readonly ifindex: number | undefined;
  readonly outgoing: number | undefined;
}

/** Frames from our sender; what else the interface says (neighbour discovery, say) is left out. */
async function receive(source: LiveSource, wanted: number): Promise<readonly Received[]> {
  const received: Received[] = [];
  for await (const batch of source.batches()) {
    for (let i = 0; i < batch.count; i++) {
      const offset = batch.offsets[i] as number;
      const bytes = Buffer.from(batch.bytes.subarray(offset, offset + (batch.capturedLengths[i] as number)));
      if (!senderOf(bytes, source.linkType).equals(defaultSourceMac)) continue;
      received.push({
        bytes,
        length: batch.lengths[i] as number,
        time: (batch.seconds[i] as number) * 1000,
        ifindex: batch.metadata?.['interface-index']?.[i],
        outgoing: batch.metadata?.['direction-outgoing']?.[i],
      });
    }
    if (received.length >= wanted) source.close();
  }
  return received;
}

function senderOf(bytes: Buffer, linkType: LiveOptions['linkType']): Buffer {
  const offset = linkType === 'LINUX_SLL2' ? 12 : 6;
  return bytes.subarray(offset, offset + 6);
}

for (const delivery of ['immediate', 'ring'] as const) {
  describe(`capture: live packets, ${delivery}`, () => {
    const options = { linkType: 'EN10MB', snaplen: 262_144, promiscuous: true, delivery } as const;
    let kernel: Kernel;
    before(async function () {
      kernel = await openRealKernel(this);
    });

    /** What arrives at b when a sends. */
    async function between(
      given: Omit<LiveOptions, 'ifindex'>,
      sent: readonly Uint8Array[],
      wanted = sent.length,
      ifindex?: number,
    ): Promise<{ readonly received: readonly Received[]; readonly source: LiveSource; readonly b: Namespace }> {
      return withNamespaces(kernel, async ({ a, b }) => {
        const source = b.inside(() => openLive(kernel, { ...given, ifindex: ifindex ?? b.ifindex }));
        a.send(...sent);
        const received = await receive(source, wanted);
        return { received, source, b };
      });
    }

    it('shows frames as they were on the wire, tags put back', async () => {
      const sent = [...frames, serviceTagged];
      const start = Date.now();
      const { received, source, b } = await between(options, sent);
      expect(received.map(({ bytes }) => bytes.toString('hex'))).to.deep.equal(
        sent.map((frame) => Buffer.from(frame).toString('hex')),
      );
      for (const { length, bytes, ifindex, outgoing, time } of received) {
        expect({ length, ifindex, outgoing }).to.deep.equal({ length: bytes.length, ifindex: b.ifindex, outgoing: 0 });
        expect(time).to.be.within(start - 2000, Date.now() + 1000);
      }
      expect(source.statistics().received).to.be.at.least(5);
      expect(source.statistics().dropped).to.equal(0);
    });

    it('cuts packets to the snaplen and keeps their lengths', async () => {
      const { received } = await between({ ...options, snaplen: 60 }, frames);
      expect(received.map(({ length }) => length)).to.deep.equal(frames.map((frame) => frame.length));
      expect(received.map(({ bytes }) => bytes)).to.deep.equal(
        frames.map((frame) => Buffer.from(frame.subarray(0, 60))),
      );
    });

    it('shows all interfaces at once with cooked headers', async () => {
      const sent = frames.filter((_, index) => index !== 2);
      const { received, b } = await between({ ...options, linkType: 'LINUX_SLL2' }, sent, sent.length, 0);
      expect(received.map(({ bytes, length }) => summarize(bytes, length, 'LINUX_SLL2'))).to.deep.equal([
        'P IP 192.0.2.1.1 > 192.0.2.2.22: Flags [S], seq 1, win 64240, length 0',
        'P vlan 7, p 0, IP 192.0.2.1.2 > 192.0.2.2.22: Flags [S], seq 1:43, win 64240, length 42',
        'P IP 192.0.2.1.4 > 192.0.2.2.9: UDP, length 958',
      ]);
      for (const [index, { bytes, ifindex }] of received.entries()) {
        expect(ifindex).to.equal(b.ifindex);
        expect(bytes.readUInt32BE(4)).to.equal(b.ifindex);
        const frame = Buffer.from(sent[index] as Uint8Array);
        expect(bytes.subarray(12, 18)).to.deep.equal(frame.subarray(6, 12));
        expect(bytes.subarray(20)).to.deep.equal(frame.subarray(14));
      }
    });

    it('gives thousands of packets in order', async () => {
      const many = Array.from({ length: 3000 }, (_, index) =>
        frameOf(parseFlow(`udp 192.0.2.1:${index} > 192.0.2.2:9 len 60`)),
      );
      const { received, source } = await between({ ...options, receiveBuffer: 16 << 20 }, many);
      expect(received.map(({ bytes }) => bytes.readUInt16BE(34))).to.deep.equal(many.map((_, index) => index));
      expect(source.statistics().received).to.be.at.least(3000);
      expect(source.statistics().dropped).to.equal(0);
    });

    it('ends with the reason when the interface goes away, after the packets before', async () => {
      await withNamespaces(kernel, async ({ a, b }) => {
        const source = b.inside(() => openLive(kernel, { ...options, ifindex: b.ifindex }));
        a.send(...frames);
        a.run('ip', 'link', 'delete', a.interface);
        let packets = 0;
        let failure: unknown;
        try {
          for await (const batch of source.batches()) packets += batch.count;
        } catch (error) {
          failure = error;
        }
        source.close();
        expect(packets).to.be.at.least(frames.length);
        expect(isSystemError(failure, 'ENETDOWN'), String(failure)).to.equal(true);
      });
    });

    it('stops waiting when it is closed', async () => {
      await withNamespaces(kernel, async ({ b }) => {
        const source = b.inside(() => openLive(kernel, { ...options, ifindex: b.ifindex }));
        setTimeout(() => source.close(), 50);
        expect(await receive(source, Infinity)).to.deep.equal([]);
      });
    });
  });
}

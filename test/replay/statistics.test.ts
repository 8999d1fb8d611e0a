import { expect } from 'chai';
import fc from 'fast-check';
import { join } from 'node:path';
import { openCapture } from '../../src/capture/open.ts';
import { linkTypes } from '../../src/ir/link-type.ts';
import { classifyPacket, describeProtocol, packetClassifier } from '../../src/packet/classify.ts';
import { createStatistics, type Statistics } from '../../src/replay/statistics.ts';
import { createTimeLine, sparkline } from '../../src/replay/time-line.ts';

async function statisticsOf(file: string, wanted?: (index: number) => boolean): Promise<Statistics> {
  const statistics = createStatistics(packetClassifier);
  const capture = await openCapture(join('test', 'pcaps', file));
  for await (const batch of capture.batches()) statistics.add(batch, wanted);
  capture.close();
  return statistics.result();
}

describe('replay: statistics', () => {
  it('counts protocols, sizes and times of mixed.pcap', async () => {
    const { packets, bytes, protocols, sizes, timeLine, slotWidth } = await statisticsOf('mixed.pcap');
    expect(packets).to.equal(30);
    expect(bytes).to.equal(3605 - 24 - 30 * 16);
    expect(protocols.map(({ protocol, packets: count }) => `${count} ${protocol}`)).to.have.members([
      '11 IPv4 tcp',
      '6 IPv6 tcp',
      '2 ARP (0x0806)',
      '2 IPv4 udp',
      '2 IPv6 udp',
      '1 IPv4 sctp',
      '1 IPv4 ICMP',
      '1 IPv6 ICMP6',
      '1 IPv4 GRE',
      '1 802.3',
      '1 LLDP (0x88cc)',
      '1 IPv4 (0x0800)',
    ]);
    expect(protocols[0]?.packets).to.equal(11);
    expect(sizes.map(({ least, greatest, packets: count }) => [least, greatest, count])).to.deep.equal([
      [0, 63, 16],
      [64, 127, 12],
      [128, 255, 0],
      [256, 511, 0],
      [512, 1023, 2],
      [1024, 1518, 0],
      [1519, 9018, 0],
      [9019, Infinity, 0],
    ]);
    expect(timeLine.reduce((sum, slot) => sum + slot.packets, 0)).to.equal(30);
    // 29 seconds in at most 64 slots of a thousandth times a power of two.
    expect(slotWidth).to.equal(0.512);
  });

  it('finds the same protocols on every link type', async () => {
    const expected = (await statisticsOf('raw.pcap')).protocols.map(({ protocol, packets }) => [protocol, packets]);
    for (const file of ['sll.pcap', 'sll2.pcap', 'null.pcap', 'null-big-endian.pcap', 'loop.pcap', 'ppp.pcap']) {
      const { protocols } = await statisticsOf(file);
      expect(
        protocols.map(({ protocol, packets }) => [protocol, packets]),
        file,
      ).to.deep.equal(expected);
    }
  });

  it('counts only the packets that are wanted', async () => {
    const { packets, protocols } = await statisticsOf('mixed.pcap', (index) => index < 2);
    expect(packets).to.equal(2);
    expect(protocols).to.deep.equal([{ protocol: 'ARP (0x0806)', packets: 2, bytes: 84 }]);
  });

  it('classifies any bytes without reading beyond the packet', () => {
    const types = fc.constantFrom([8, 0], [0x86, 0xdd], [0x81, 0], [0x88, 0xa8]);
    const packet = fc
      .tuple(types, fc.uint8Array({ maxLength: 80 }))
      .map(([type, rest]) => Uint8Array.of(...new Uint8Array(12), ...type, ...rest));
    fc.assert(
      fc.property(
        fc.oneof(packet, fc.uint8Array({ maxLength: 80 })),
        fc.constantFrom(...linkTypes),
        (bytes, { name }) => {
          // Behind the packet there is nothing: a read there throws.
          const code = classifyPacket(new DataView(bytes.slice().buffer), 0, bytes.length, name);
          expect(describeProtocol(code)).to.be.a('string').and.not.equal('');
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('replay: time line', () => {
  it('loses no packet, whatever the times and their order', () => {
    const times = fc.array(fc.double({ min: 0, max: 4e9, noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(times, (list) => {
        const line = createTimeLine();
        for (const time of list) line.add(time, 10);
        const slots = line.slots();
        expect(slots.length).to.be.at.most(64);
        expect(slots.reduce((sum, { packets }) => sum + packets, 0)).to.equal(list.length);
        expect(slots.reduce((sum, { bytes }) => sum + bytes, 0)).to.equal(10 * list.length);
        for (const { start, packets } of slots) {
          const inside = list.filter((time) => time >= start && time < start + line.width()).length;
          expect(packets).to.equal(inside);
        }
      }),
    );
  });

  it('draws the greatest value as the highest bar', () => {
    expect(sparkline([0, 1, 2, 4, 8, 7])).to.equal(' ▁▂▄█▇');
    expect(sparkline([])).to.equal('');
    expect(sparkline([0, 0])).to.equal('  ');
  });
});

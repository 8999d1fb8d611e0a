import { expect } from 'chai';
import { mixedFrames } from '../../scripts/pcap-packets.ts';
import { generate } from '../../src/cbpf/generate.ts';
import { interpreter } from '../../src/cbpf/interpret.ts';
import { compile } from '../../src/compiler/compile.ts';
import type { Names } from '../../src/compiler/names.ts';
import { exit, graphOf, type Graph } from '../../src/ir/graph.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import { showTagInMetadata } from '../../src/ir/view.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { openPacketSocket, receivePacket, restoreTag } from '../../src/kernel/packet-socket.ts';
import { attachFilter } from '../../src/socket/attach.ts';
import { withNamespaces, type Namespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';

const filters = [
  'tcp port 22',
  'not tcp',
  'ip or ip6',
  'arp',
  'greater 200',
  'less 64',
  'ether[12:2] = 0x8100',
  'ether[14:2] & 0xfff = 7',
  'ether[13] = 0xa8 or ether[16:2] = 0x0800',
  'ether[11:4] & 0xff = 0x60',
  'ether[(ether[12] & 0xf) + 8] = 8',
  'vlan',
  'vlan 7',
  'vlan and tcp port 22',
  'not vlan',
  'vlan 7 and vlan 9',
  'vlan and vlan',
  'ip or vlan and ip',
  'len = 46 or len = 50 or len = 58',
];

const noNames: Names = {
  host: () => [],
  service: () => [],
  protocol: () => undefined,
  network: () => undefined,
  ethernet: () => undefined,
};

function graphOfFilter(text: string): Graph {
  const { predicate } = compile({ name: 'filter', text }, { linkType: 'EN10MB', names: noNames });
  const reject = exit(noMatch);
  return { linkType: 'EN10MB', entry: graphOf(predicate, exit(match), reject, reject) };
}

/** Frames with tags of all kinds put in behind the addresses. */
function taggedFrames(): readonly Uint8Array[] {
  const tags = [
    [],
    [0x81, 0x00, 0x00, 0x07],
    [0x81, 0x00, 0x60, 0x00],
    [0x88, 0xa8, 0x00, 0x07],
    [0x91, 0x00, 0x00, 0x07],
    [0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x09],
    [0x81, 0x00, 0x00, 0x07, 0x81, 0x00, 0x00, 0x09],
  ];
  // Linux drops tagged frames with fewer than two bytes behind the tag before anyone sees them (skb_vlan_untag).
  const frames = mixedFrames().filter(({ length }) => length >= 16 && length <= 1000);
  return tags.flatMap((tag) =>
    frames.map((frame) => Uint8Array.from([...frame.subarray(0, 12), ...tag, ...frame.subarray(12)])),
  );
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** The frames that a packet socket with this filter lets through, as they were on the wire. */
function received(kernel: Kernel, { a, b }: Namespaces, graph: Graph, frames: readonly Uint8Array[]): Set<string> {
  const { instructions } = generate(showTagInMetadata(graph), { target: 'socket' });
  const seen = new Set<string>();
  const socket = b.inside(() =>
    openPacketSocket(kernel, {
      ifindex: b.ifindex,
      layer: 'raw',
      promiscuous: true,
      ignoreOutgoing: true,
      receiveBuffer: 4 << 20,
      prepare: (descriptor) => attachFilter(kernel, descriptor, instructions),
    }),
  );
  try {
    a.send(...frames);
    const buffer = new Uint8Array(4096);
    for (;;) {
      const packet = receivePacket(kernel, socket, buffer);
      if (packet === undefined) return seen;
      const { start, capturedLength } = restoreTag(buffer, packet);
      seen.add(hexadecimal(buffer.subarray(start, start + capturedLength)));
    }
  } finally {
    kernel.close(socket);
  }
}

describe('live packet sockets', () => {
  it('let through what the same filter picks from a capture of the wire, tagged frames included', async function () {
    this.timeout(60_000);
    const kernel = await openRealKernel(this);
    const frames = taggedFrames();
    await withNamespaces(kernel, (namespaces) => {
      for (const filter of filters) {
        const graph = graphOfFilter(filter);
        const program = interpreter(generate(graph, { target: 'capture' }).instructions);
        const seen = received(kernel, namespaces, graph, frames);
        const wrong = frames
          .filter((frame) => seen.has(hexadecimal(frame)) !== program(frame, 0, frame.length, frame.length) > 0)
          .map(hexadecimal);
        expect(wrong, filter).to.deep.equal([]);
        const matching = frames.filter((frame) => seen.has(hexadecimal(frame))).length;
        expect(matching, `packets that match ${filter}`).to.be.within(1, frames.length - 1);
      }
    });
  });
});

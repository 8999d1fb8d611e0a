import { expect } from 'chai';
import { addCounts, negated, readCounters, type Count } from '../../src/appliance/counter-map.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { load } from '../../src/loader/load.ts';
import { compileFilter, hookProgram, type EbpfHook } from '../../src/pipeline.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { attachTc } from '../../src/tc/attach.ts';
import { attachXdp } from '../../src/xdp/attach.ts';
import { fixedNames } from '../fuzz/fixed-names.ts';
import { withNamespaces, type Namespace, type Namespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { liveFilters } from './filters.ts';
import { inCapture } from './in-capture.ts';
import { openRecorder, type Recorder } from './recorder.ts';
import { segmentsOf } from './segments.ts';
import { sendSegmentedDatagrams, transfer } from './traffic.ts';

interface Place {
  readonly end: 'a' | 'b';
  readonly hook: EbpfHook;
  attach(kernel: Kernel, at: Namespace, programDescriptor: number): void;
  /** What a merged packet is counted as here. */
  counted(frame: Uint8Array): { readonly packets: number; readonly bytes: number };
}

const asOne = (frame: Uint8Array) => ({ packets: 1, bytes: frame.length });
const ports = { tcp: 22, udp: 53 };
const datagramLength = 1400;

const places: Readonly<Record<string, Place>> = {
  'TC egress': {
    end: 'a',
    hook: 'tc-egress',
    attach: (kernel, { ifindex }, programDescriptor) =>
      attachTc(kernel, { ifindex, direction: 'egress', programDescriptor }),
    counted: (frame) => segmentsOf(frame, datagramLength),
  },
  'TC ingress': {
    end: 'b',
    hook: 'tc',
    attach: (kernel, { ifindex }, programDescriptor) =>
      attachTc(kernel, { ifindex, direction: 'ingress', programDescriptor }),
    counted: (frame) => ({ packets: segmentsOf(frame, datagramLength).packets, bytes: frame.length }),
  },
  'native XDP': {
    end: 'b',
    hook: 'xdp',
    attach: (kernel, { ifindex }, programDescriptor) =>
      attachXdp(kernel, { ifindex, mode: 'native', programDescriptor }),
    counted: asOne,
  },
  'generic XDP': {
    end: 'b',
    hook: 'xdp',
    attach: (kernel, { ifindex }, programDescriptor) =>
      attachXdp(kernel, { ifindex, mode: 'generic', programDescriptor }),
    counted: asOne,
  },
};

describe('real TCP and UDP, segmented as late as can be', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const filters = liveFilters.map((text) => ({
    text,
    filter: compileFilter({ name: 'filter', text }, { linkType: 'EN10MB', names: fixedNames() }),
  }));
  const policy: Policy = {
    name: 'live',
    linkType: 'EN10MB',
    rules: filters.map(({ text, filter }) => ({ name: text, match: filter.predicate, action: 'count' })),
    defaultAction: 'pass',
  };

  for (const [name, place] of Object.entries(places)) {
    it(`is counted at ${name} as a capture of it says, by ${filters.length} rules at once`, () =>
      withNamespaces(kernel, async (namespaces) => {
        segmentLate(namespaces);
        const at = namespaces[place.end];
        const { program, counters } = hookProgram(policy, { hook: place.hook, counters: true });
        const loaded = load(kernel, program);
        const recorder = openRecorder(kernel, at, place.end === 'a' ? 'out' : 'in');
        try {
          at.inside(() => place.attach(kernel, at, loaded.descriptor));
          const read = () => readCounters(kernel, loaded.maps.get('counters') as number);
          const { counts: before } = inStep(read, recorder);
          await transfer(namespaces.a, namespaces.b, ports.tcp, 1 << 20);
          const to = { address: namespaces.b.ipv4, port: ports.udp };
          await sendSegmentedDatagrams(kernel, namespaces.a, to, 50_000, datagramLength);
          const { counts, frames } = inStep(read, recorder);
          for (const { text, filter } of filters) {
            const matches = inCapture(filter);
            const expected = sum(frames.filter(matches).map((frame) => place.counted(frame)));
            const index = counters.indexOf(text);
            const counted = addCounts(counts[index] as Count, negated(before[index] as Count));
            const seen = { packets: Number(counted.packets), bytes: Number(counted.bytes) };
            expect(seen, text).to.deep.equal(expected);
          }
          const longest = Math.max(...frames.map(({ length }) => length));
          if (name === 'native XDP') expect(longest).to.be.at.most(1514);
          else expect(longest).to.be.above(40_000);
        } finally {
          recorder.close();
          loaded.close();
        }
      })).timeout(20_000);
  }
});

/** Counters and recorded frames of the same packets, whatever the stacks send of their own accord meanwhile. */
function inStep(read: () => readonly Count[], recorder: Recorder) {
  const frames: Uint8Array[] = [];
  for (;;) {
    const counts = read();
    frames.push(...recorder.take());
    if (read().every(({ packets }, index) => packets === counts[index]?.packets)) return { counts, frames };
  }
}

function segmentLate({ a, b }: Namespaces): void {
  const offloads = ['sg', 'tx', 'tso', 'gso', 'tx-udp-segmentation'].flatMap((name) => [name, 'on']);
  for (const end of [a, b]) end.run('ethtool', '-K', end.interface, ...offloads);
}

function sum(counts: readonly { readonly packets: number; readonly bytes: number }[]) {
  return counts.reduce(
    (total, { packets, bytes }) => ({ packets: total.packets + packets, bytes: total.bytes + bytes }),
    { packets: 0, bytes: 0 },
  );
}

import { expect } from 'chai';
import { join } from 'node:path';
import type { PacketSource } from '../../src/capture/batch.ts';
import { openCapture } from '../../src/capture/open.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { count, exit, graphOf, type Node } from '../../src/ir/graph.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { testing, type Predicate } from '../../src/ir/predicate.ts';
import { compare, equal } from '../../src/ir/test.ts';
import { load, packetLength } from '../../src/ir/value.ts';
import { drop, match, noMatch, pass } from '../../src/ir/verdict.ts';
import { compareEngines } from '../../src/replay/compare-engines.ts';
import type { Engine } from '../../src/replay/engine.ts';
import type { ProgramSource } from '../../src/replay/engine-run.ts';
import { javascriptEngine } from '../../src/replay/engine/javascript.ts';
import { kernelSocketEngine } from '../../src/replay/engine/kernel-socket.ts';
import { kernelTcEngine, kernelXdpEngine } from '../../src/replay/engine/kernel-test-run.ts';
import { replay } from '../../src/replay/replay.ts';
import { batchOf } from '../support/batch.ts';
import { openDescriptorCount, openRealKernel } from '../support/real-kernel.ts';

const ssh = testing(equal(load(36, 2), 22));
const long = testing(compare('greater', packetLength, 99));

function filterSource(predicate: Predicate): ProgramSource {
  const entry = graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
  return { programFor: (linkType) => ({ graph: { linkType, entry }, counters: 0 }) };
}

/** Counts ssh and long packets, drops the former. */
const policySource: ProgramSource = {
  programFor(linkType: LinkType) {
    const counted = graphOf(long, count(1, exit(pass)), exit(pass), exit(pass));
    const entry: Node = graphOf(ssh, count(0, exit(drop)), counted, counted);
    return { graph: { linkType, entry }, counters: 2 };
  },
};

async function* captures(...files: readonly string[]): AsyncGenerator<PacketSource> {
  for (const file of files) {
    const capture = await openCapture(join('test', 'pcaps', file));
    yield capture;
    capture.close();
  }
}

function sourceOf(packets: readonly Packet[]): PacketSource {
  return {
    async *batches() {
      const { metadata: _, ...batch } = batchOf(packets);
      yield batch;
    },
    close() {},
  };
}

describe('replay in the kernel', () => {
  let kernel: Kernel;
  let engines: readonly Engine[];
  before(async function () {
    kernel = await openRealKernel(this);
    engines = [kernelSocketEngine(kernel), kernelXdpEngine(kernel), kernelTcEngine(kernel)];
  });

  it('agrees with the JavaScript engine, and says what it cannot express', async () => {
    for (const predicate of [ssh, long]) {
      const comparison = await compareEngines({
        sources: captures('mixed.pcap', 'ssh.pcap', 'snapped.pcap'),
        program: filterSource(predicate),
        engines: [javascriptEngine, ...engines],
      });
      expect(comparison.examples).to.deep.equal([]);
      // All of snapped.pcap is cut short but its frame of 14 bytes; TC's test run does not take that frame.
      expect(comparison.engines.map(({ name, packets, notExpressed }) => [name, packets, notExpressed])).to.deep.equal([
        ['javascript', 1294, 0],
        ['kernel-socket', 1265, 29],
        ['kernel-xdp', 1265, 29],
        ['kernel-tc', 1263, 31],
      ]);
    }
  });

  it('takes frames of every length that it says it takes', async () => {
    const lengths = [0, 1, 13, 14, 15, 59, 60, 3_399, 3_400, 3_401, 9_000, 59_999, 60_000, 60_001, 65_535];
    const packets = [0x0800, 0x86dd, 0x88b5].flatMap((etherType) =>
      lengths.map((length): Packet => {
        const bytes = new Uint8Array(length);
        bytes.set([etherType >> 8, etherType & 0xff].slice(0, Math.max(length - 12, 0)), Math.min(12, length));
        return { bytes, length };
      }),
    );
    const comparison = await compareEngines({
      sources: [sourceOf(packets)],
      program: filterSource(long),
      engines: [javascriptEngine, ...engines],
    });
    expect(comparison.examples).to.deep.equal([]);
    expect(comparison.engines.map(({ packets: taken }) => taken)).to.deep.equal([45, 45, 30, 14]);
  });

  it('counts as the JavaScript engine counts', async () => {
    const expected = await replay({
      sources: captures('ssh.pcap'),
      program: policySource,
      engine: javascriptEngine,
      counters: 2,
    });
    for (const engine of [kernelXdpEngine(kernel), kernelTcEngine(kernel)]) {
      const result = await replay({ sources: captures('ssh.pcap'), program: policySource, engine, counters: 2 });
      expect(result, engine.name).to.deep.equal(expected);
    }
    expect(expected.counters.packets[0]).to.be.greaterThan(1000);
  });

  it('refuses what it cannot see', async () => {
    const comparison = await compareEngines({ sources: captures('raw.pcap'), program: policySource, engines });
    expect(comparison.engines.map(({ unable }) => unable)).to.deep.equal([
      comparison.engines[0]?.unable,
      'a hook sees Ethernet frames, not RAW',
      'a hook sees Ethernet frames, not RAW',
    ]);
    expect(comparison.engines[0]?.unable).to.match(/^a classic program /);
  });

  it('leaves no descriptor open', async () => {
    // Capture files are closed behind our back, those of the tests before, too.
    const settled = () => new Promise((resolve) => setTimeout(resolve, 50));
    await settled();
    const before = openDescriptorCount(kernel);
    for (const engine of engines) {
      await replay({ sources: captures('mixed.pcap'), program: filterSource(ssh), engine, counters: 0 });
    }
    await settled();
    expect(openDescriptorCount(kernel)).to.equal(before);
  });
});

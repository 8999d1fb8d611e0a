import { expect } from 'chai';
import fc from 'fast-check';
import type { PacketSource } from '../../src/capture/batch.ts';
import { exit, graphOf, type Graph } from '../../src/ir/graph.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { or, testing } from '../../src/ir/predicate.ts';
import { keyWidths, type KeySpace, type TableReference } from '../../src/ir/table.ts';
import { equal } from '../../src/ir/test.ts';
import { load, lookup } from '../../src/ir/value.ts';
import { match, noMatch } from '../../src/ir/verdict.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { compareEngines } from '../../src/replay/compare-engines.ts';
import { ebpfEngine } from '../../src/replay/engine/ebpf.ts';
import { evaluatorEngine } from '../../src/replay/engine/evaluator.ts';
import { interpreterEngine } from '../../src/replay/engine/interpreter.ts';
import { javascriptEngine } from '../../src/replay/engine/javascript.ts';
import { kernelTcEngine, kernelXdpEngine } from '../../src/replay/engine/kernel-test-run.ts';
import { tablesHolding, type TableContents, type TableEntry } from '../../src/replay/table-contents.ts';
import { batchOf } from '../support/batch.ts';
import { openRealKernel } from '../support/real-kernel.ts';

const ipv4: TableReference = { name: 'nets', space: 'ipv4' };
const ipv6: TableReference = { name: 'nets', space: 'ipv6' };
const ports: TableReference = { name: 'ports', space: 'port' };
const macs: TableReference = { name: 'macs', space: 'mac' };

/** Asks all four tables for bytes at fixed places behind an Ethernet header; a match is a value of 1. */
const graph: Graph = {
  linkType: 'EN10MB',
  entry: graphOf(
    or(
      testing(equal(lookup(macs, load(0, 4), load(4, 2)), 1)),
      testing(equal(lookup(ipv4, load(14, 4)), 1)),
      testing(equal(lookup(ports, load(18, 2)), 1)),
      testing(equal(lookup(ipv6, load(20, 4), load(24, 4), load(28, 4), load(32, 4)), 1)),
    ),
    exit(match),
    exit(noMatch),
    exit(noMatch),
  ),
};

/** Numbers of few different bits, so that keys meet elements. */
const number = (width: number) =>
  fc.constantFrom(0, 1, 2, 3).map((top) => (width === 32 ? (top << 30) >>> 0 : top << 14) + 1);

const entriesOf = (space: KeySpace) => {
  const widths = keyWidths[space];
  const bits = widths.reduce((sum, width) => sum + width, 0);
  const prefixLength =
    space === 'ipv4' || space === 'ipv6' ? fc.constantFrom(0, 1, 2, bits - 1, bits) : fc.constant(bits);
  const value = space === 'port' ? fc.constant(1) : fc.constantFrom(1, 9);
  const entry = fc.record({ key: fc.tuple(...widths.map(number)), prefixLength, value });
  return fc.array(entry, { maxLength: 4 });
};

const contents = fc.record({
  ipv4: entriesOf('ipv4'),
  ipv6: entriesOf('ipv6'),
  port: entriesOf('port'),
  mac: entriesOf('mac'),
});

const packet = fc
  .tuple(
    number(32),
    number(16),
    number(32),
    number(16),
    fc.tuple(number(32), number(32), number(32), number(32)),
    fc.nat(40),
  )
  .map(([mac, macEnd, address, port, address6, cut]): Packet => {
    const bytes = new Uint8Array(60);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, mac);
    view.setUint16(4, macEnd);
    view.setUint16(12, 0x88b5);
    view.setUint32(14, address);
    view.setUint16(18, port);
    address6.forEach((part, index) => view.setUint32(20 + 4 * index, part));
    const captured = bytes.subarray(0, Math.max(14, 60 - cut));
    return { bytes: captured, length: captured.length };
  });

function sourceOf(packets: readonly Packet[]): PacketSource {
  return {
    async *batches() {
      const { metadata: _, ...batch } = batchOf(packets);
      yield batch;
    },
    close() {},
  };
}

function contentsOf(given: Readonly<Record<KeySpace, readonly TableEntry[]>>): TableContents {
  return ({ space }) => given[space];
}

describe('replay: tables', () => {
  it('has the longest network decide', () => {
    const entries = [
      { key: [0x0a000000], prefixLength: 8, value: 1 },
      { key: [0x0a010000], prefixLength: 16, value: 2 },
      { key: [0x0a010203], value: 3 },
      { key: [0], prefixLength: 0, value: 4 },
    ];
    const tables = tablesHolding(() => entries);
    const answers = [0x0a020000, 0x0a010000, 0x0a010203, 0x0a010204, 0xffffffff].map((key) => tables(ipv4, [key]));
    expect(answers).to.deep.equal([1, 2, 3, 2, 4]);
    expect(tablesHolding(() => [])(ipv6, [0, 0, 0, 1])).to.equal(0);
  });

  it('is refused by classic BPF, with a reason', async () => {
    const comparison = await compareEngines({
      sources: [sourceOf([{ bytes: new Uint8Array(60), length: 60 }])],
      program: { programFor: () => ({ graph, counters: 0, tables: () => [] }) },
      engines: [interpreterEngine],
    });
    expect(comparison.engines[0]?.unable).to.be.a('string').and.not.equal('');
  });

  it('means the same to all engines', async () => {
    await fc.assert(
      fc.asyncProperty(contents, fc.array(packet, { minLength: 1, maxLength: 30 }), async (given, packets) => {
        const comparison = await compareEngines({
          sources: [sourceOf(packets)],
          program: { programFor: () => ({ graph, counters: 0, tables: contentsOf(given) }) },
          engines: [evaluatorEngine, javascriptEngine, ebpfEngine],
        });
        expect(comparison.examples).to.deep.equal([]);
      }),
      { numRuns: 25 },
    );
  });

  it('means the same to the kernel', async function () {
    const kernel: Kernel = await openRealKernel(this);
    await fc.assert(
      fc.asyncProperty(contents, fc.array(packet, { minLength: 1, maxLength: 60 }), async (given, packets) => {
        const comparison = await compareEngines({
          sources: [sourceOf(packets)],
          program: { programFor: () => ({ graph, counters: 0, tables: contentsOf(given) }) },
          engines: [evaluatorEngine, kernelXdpEngine(kernel), kernelTcEngine(kernel)],
        });
        expect(comparison.examples).to.deep.equal([]);
        expect(comparison.engines.map(({ packets: taken }) => taken)).to.deep.equal(Array(3).fill(packets.length));
      }),
      { numRuns: 15 },
    );
  });
});

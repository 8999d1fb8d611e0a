import { expect } from 'chai';
import fc from 'fast-check';
import { join } from 'node:path';
import type { PacketBatch, PacketSource } from '../../src/capture/batch.ts';
import { openCapture } from '../../src/capture/open.ts';
import { count, exit, graphOf, type Graph } from '../../src/ir/graph.ts';
import type { LinkType } from '../../src/ir/link-type.ts';
import { and, testing } from '../../src/ir/predicate.ts';
import { equal } from '../../src/ir/test.ts';
import { add, ipv4HeaderLength, load } from '../../src/ir/value.ts';
import { drop, match, noMatch, pass } from '../../src/ir/verdict.ts';
import { compareEngines } from '../../src/replay/compare-engines.ts';
import type { Engine } from '../../src/replay/engine.ts';
import type { ProgramSource } from '../../src/replay/engine-run.ts';
import { evaluatorEngine } from '../../src/replay/engine/evaluator.ts';
import { interpreterEngine } from '../../src/replay/engine/interpreter.ts';
import { javascriptEngine } from '../../src/replay/engine/javascript.ts';
import { replay } from '../../src/replay/replay.ts';
import { ReplayError } from '../../src/replay/replay-error.ts';
import { ebpfEngine } from '../../src/replay/engine/ebpf.ts';
import { batchOf } from '../support/batch.ts';
import { randomPacket, randomPredicate } from '../support/random-graph.ts';

const engines: readonly Engine[] = [evaluatorEngine, interpreterEngine, javascriptEngine, ebpfEngine];

/** `ip and tcp dst port 22` without fragments, for frames whose IP header starts at `start`. */
const sshOver = (start: number) =>
  and(
    testing(equal(load(start, 1), 0x45)),
    testing(equal(load(start + 9, 1), 6)),
    testing(equal(load(add(ipv4HeaderLength(start), start + 2), 2), 22)),
  );

const starts: Readonly<Partial<Record<LinkType, number>>> = { EN10MB: 14, RAW: 0, NULL: 4 };

function filter(linkType: LinkType): Graph {
  return { linkType, entry: graphOf(sshOver(starts[linkType] ?? 0), exit(match), exit(noMatch), exit(noMatch)) };
}

const filterSource: ProgramSource = { programFor: (linkType) => ({ graph: filter(linkType), counters: 0 }) };

const policySource: ProgramSource = {
  programFor(linkType) {
    const rest = count(1, exit(pass));
    return {
      graph: { linkType, entry: graphOf(sshOver(starts[linkType] ?? 0), count(0, exit(drop)), rest, rest) },
      counters: 2,
    };
  },
};

async function* captures(...files: readonly string[]): AsyncGenerator<PacketSource> {
  for (const file of files) yield openCapture(join('test', 'pcaps', file));
}

function sourceOf(...batches: readonly PacketBatch[]): PacketSource {
  return {
    async *batches() {
      yield* batches;
    },
    close() {},
  };
}

describe('replay', () => {
  for (const engine of engines) {
    it(`runs a filter over captures of several link types with the ${engine.name} engine`, async () => {
      const matched: string[] = [];
      const result = await replay({
        sources: captures('mixed.pcap', 'raw.pcap', 'null.pcap'),
        program: filterSource,
        engine,
        counters: 0,
        onBatch(batch, outcomes) {
          for (let i = 0; i < batch.count; i++) {
            if (outcomes[i] === 1) matched.push(`${JSON.stringify(batch.linkType)} ${batch.firstNumber + i}`);
          }
        },
      });
      expect(result.packets).to.equal(30 + 21 + 21);
      expect(matched).to.deep.equal([
        '"EN10MB" 3',
        '"EN10MB" 5',
        '"EN10MB" 18',
        '"RAW" 1',
        '"RAW" 3',
        '"RAW" 16',
        '"NULL" 1',
        '"NULL" 3',
        '"NULL" 16',
      ]);
      expect(result.byVerdict.map(({ verdict, packets }) => [verdict.kind, packets])).to.deep.equal([
        ['no-match', 63],
        ['match', 9],
      ]);
      expect(result.notExpressed).to.equal(0);
    });
  }

  for (const engine of [evaluatorEngine, javascriptEngine, ebpfEngine]) {
    it(`runs a policy with its counters with the ${engine.name} engine`, async () => {
      const result = await replay({
        sources: captures('mixed.pcap', 'null.pcap'),
        program: policySource,
        engine,
        counters: 2,
      });
      const byVerdict = Object.fromEntries(result.byVerdict.map(({ verdict, ...counted }) => [verdict.kind, counted]));
      expect([...result.counters.packets]).to.deep.equal([6, 45]);
      expect(byVerdict['drop']).to.deep.equal({ packets: 6, bytes: result.counters.bytes[0] });
      expect(byVerdict['pass']).to.deep.equal({ packets: 45, bytes: result.counters.bytes[1] });
      expect(result.bytes).to.equal((result.counters.bytes[0] ?? 0) + (result.counters.bytes[1] ?? 0));
    });
  }

  it('says why an engine cannot run a policy', async () => {
    const error = await replay({
      sources: captures('mixed.pcap'),
      program: policySource,
      engine: interpreterEngine,
      counters: 2,
    }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ReplayError);
    expect((error as ReplayError).message).to.match(/^the interpreter engine cannot run this: /);
  });

  it('refuses a link type without filters', async () => {
    const batch = { ...batchOf([{ bytes: new Uint8Array(4), length: 4 }]), linkType: { fileValue: 147 } };
    const error = await replay({
      sources: [sourceOf(batch)],
      program: filterSource,
      engine: javascriptEngine,
      counters: 0,
    }).catch((thrown: unknown) => thrown);
    expect((error as ReplayError).code).to.equal('unsupported-link-type');
    expect((error as ReplayError).message).to.contain('packet 1 has link type 147');
  });

  it('shows every good packet of a damaged capture before it fails', async () => {
    let seen = 0;
    const error = await replay({
      sources: captures('truncated-packet.pcap'),
      program: filterSource,
      engine: javascriptEngine,
      counters: 0,
      onBatch: ({ count: packets }) => void (seen += packets),
    }).catch((thrown: unknown) => thrown);
    expect((error as Error).name).to.equal('CaptureError');
    expect(seen).to.equal(29);
  });

  it('goes on behind damaged captures where someone wants to be told', async () => {
    const failures: string[] = [];
    const result = await replay({
      sources: captures('truncated-packet.pcap', 'absurd-length.pcap', 'mixed.pcap'),
      program: filterSource,
      engine: javascriptEngine,
      counters: 0,
      onFailure: ({ code }) => void failures.push(code),
    });
    expect(result.packets).to.equal(29 + 2 + 30);
    expect(failures).to.deep.equal(['truncated', 'corrupt']);
  });
});

describe('comparing engines', () => {
  it('finds no disagreement on random filters and packets', async () => {
    const options = { variables: 2, present: false };
    await fc.assert(
      fc.asyncProperty(
        randomPredicate(options),
        fc.array(randomPacket(options), { minLength: 1 }),
        async (predicate, packets) => {
          const entry = graphOf(predicate, exit(match), exit(noMatch), exit(noMatch));
          const graph: Graph = { linkType: 'EN10MB', entry };
          const comparison = await compareEngines({
            sources: [sourceOf(batchOf(packets))],
            program: { programFor: () => ({ graph, counters: 0 }) },
            engines,
          });
          expect(comparison.examples).to.deep.equal([]);
          expect(comparison.packets).to.equal(packets.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reports each disagreement with its packet, and what an engine could not do', async () => {
    const wrong: Engine = {
      name: 'ebpf',
      prepare: () => ({
        able: true,
        run: (batch, outcomes) => void outcomes.fill(0, 0, batch.count),
        counters: () => ({ packets: new Float64Array(0), bytes: new Float64Array(0) }),
        close() {},
      }),
    };
    const comparison = await compareEngines({
      sources: captures('no-packets.pcap', 'raw.pcap'),
      program: filterSource,
      engines: [javascriptEngine, wrong],
      keep: 2,
    });
    expect(comparison.disagreements).to.equal(3);
    expect(comparison.examples).to.deep.equal([
      {
        source: 1,
        packetNumber: 1,
        verdicts: [
          { engine: 'javascript', verdict: match },
          { engine: 'ebpf', verdict: noMatch },
        ],
      },
      {
        source: 1,
        packetNumber: 3,
        verdicts: [
          { engine: 'javascript', verdict: match },
          { engine: 'ebpf', verdict: noMatch },
        ],
      },
    ]);
    const policies = await compareEngines({
      sources: captures('raw.pcap'),
      program: policySource,
      engines: [evaluatorEngine, javascriptEngine, interpreterEngine, ebpfEngine],
    });
    expect(policies.disagreements).to.equal(0);
    expect(policies.engines[2]).to.include({ name: 'interpreter', packets: 0, notExpressed: 21 });
    expect(policies.engines[2]?.unable).to.be.a('string');
  });
});

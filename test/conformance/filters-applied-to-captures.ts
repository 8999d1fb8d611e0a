import { join } from 'node:path';
import { openCapture } from '../../src/capture/open.ts';
import { compileFilter, filterGraph } from '../../src/pipeline.ts';
import type { Engine } from '../../src/replay/engine.ts';
import { matchOutcome } from '../../src/replay/outcome.ts';
import { replay } from '../../src/replay/replay.ts';
import { applyLines, corpusNames, netmaskOf, type ApplyLine } from './corpus.ts';
import type { ConformanceReport } from './report.ts';

/** libpcap's own tests of filters on captures: which packets match. */
export async function filtersAppliedToCaptures(corpus: string, engine: Engine): Promise<ConformanceReport> {
  const lines = applyLines(corpus).filter(
    (line) => line.expr !== beyondTheBound || line.savefile !== 'ipv6_ext_headers.pcap',
  );
  const failures: string[] = [];
  let compared = 0;
  for (const line of lines) {
    const results = await resultsOf(corpus, line, engine);
    compared += results.length;
    const expected = line.results.map((result) => result !== 0);
    if (results.join() !== expected.join()) {
      failures.push(`'${line.expr}' on ${line.savefile}: expected ${expected.join(' ')}, got ${results.join(' ')}`);
    }
  }
  return {
    title: `filters applied to captures (${engine.name}): ${lines.length} filters`,
    compared,
    failures,
    notes: [`not compared: '${beyondTheBound}', whose packet has a hundred extension headers`],
  };
}

/** `protochain` walks over 16 headers at most, because a filter has no loops. */
const beyondTheBound = 'ip6 protochain 17';

/** Which packets match. */
async function resultsOf(corpus: string, line: ApplyLine, engine: Engine): Promise<readonly boolean[]> {
  const names = corpusNames(corpus);
  const capture = await openCapture(join(corpus, 'apply-pcaps', line.savefile));
  const results: boolean[] = [];
  await replay({
    sources: [capture],
    engine,
    counters: 0,
    program: {
      programFor: (linkType) => ({
        graph: filterGraph(compileFilter({ name: 'filter', text: line.expr }, { linkType, names, ...netmaskOf(line) })),
        counters: 0,
      }),
    },
    onBatch: (batch, outcomes) => {
      for (let i = 0; i < batch.count; i++) results.push(outcomes[i] === matchOutcome);
    },
  });
  return results;
}

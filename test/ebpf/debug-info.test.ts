import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { mov } from '../../src/ebpf/alu.ts';
import { exitProgram } from '../../src/ebpf/jump.ts';
import { lineRecords } from '../../src/ebpf/line-info.ts';
import { loadMap } from '../../src/ebpf/memory.ts';
import { encodeUtf8 } from '../../src/ebpf/utf8.ts';
import type { Source, Span } from '../../src/ir/span.ts';
import { and, testing } from '../../src/ir/predicate.ts';
import { equal } from '../../src/ir/test.ts';
import { load } from '../../src/ir/value.ts';
import { load as loadProgram } from '../../src/loader/load.ts';
import { programInfo } from '../../src/kernel/bpf/info.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { filter } from './generate/graphs.ts';
import { hooks } from './hooks.ts';

const source: Source = { name: 'rules/edge.yaml', text: 'name: edge\nmatch: ip and ether[5] = 3 # “ü”\n' };
const spanOf = (words: string, of = source): Span => {
  const start = of.text.indexOf(words);
  return { source: of, start, end: start + words.length };
};

describe('line information', () => {
  it('tells for each slot where its words stand', () => {
    const records = lineRecords([
      { ...mov('r0', 1), span: spanOf('ip') },
      { ...loadMap('r1', 'counters'), span: spanOf('ip') },
      { ...mov('r0', 2), span: spanOf('ether') },
      exitProgram,
    ]);
    const text = 'match: ip and ether[5] = 3 # “ü”';
    expect(records).to.deep.equal([
      { slot: 0, file: 'rules/edge.yaml', text, line: 2, column: 8 },
      { slot: 1, file: 'rules/edge.yaml', text, line: 2, column: 8 },
      { slot: 3, file: 'rules/edge.yaml', text, line: 2, column: 15 },
      { slot: 4, file: 'pktf', text: '(end)', line: 0, column: 0 },
    ]);
  });

  it('has a record for the first slot whatever comes', () => {
    expect(lineRecords([exitProgram])[0]).to.include({ slot: 0, file: 'pktf' });
  });

  it('cuts a long line to the part that matters', () => {
    const long: Source = { name: 'filter', text: `${'host 10.0.0.1 or '.repeat(10000)}tcp port 22` };
    const [record] = lineRecords([{ ...exitProgram, span: spanOf('tcp port', long) }]);
    expect(record).to.include({ text: 'tcp port 22', line: 1, column: 170001 });
  });

  it('is UTF-8', () => {
    for (const text of ['ip', 'ü“𝄞', '']) expect(Buffer.from(encodeUtf8(text)).toString()).to.equal(text);
    expect(Buffer.from(encodeUtf8('\ud800')).toString()).to.equal('\ufffd');
  });
});

describe('bpftool', () => {
  for (const hook of hooks) {
    it(`shows the user's words beside the instructions at ${hook.name}`, async function () {
      const kernel = await openRealKernel(this);
      requireOrSkip(this, 'bpftool', hasBpftool(), 'bpftool is not installed');
      const isIp = testing(equal(load(12, 2), 0x800), spanOf('ip'));
      const isThree = testing(equal(load(5, 1), 3), spanOf('ether[5] = 3'));
      const loaded = loadProgram(kernel, hook.generate(filter(and(isIp, isThree))));
      try {
        const id = String(programInfo(kernel, loaded.descriptor).id);
        const dump = execFileSync('bpftool', ['prog', 'dump', 'xlated', 'id', id, 'linum'], { encoding: 'utf8' });
        const words = 'match: ip and ether[5] = 3 # “ü”';
        expect(dump).to.contain(`; ${words} [file:rules/edge.yaml line_num:2 line_col:8]`);
        expect(dump).to.contain(`; ${words} [file:rules/edge.yaml line_num:2 line_col:15]`);
      } finally {
        loaded.close();
      }
    });
  }
});

function hasBpftool(): boolean {
  try {
    execFileSync('bpftool', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

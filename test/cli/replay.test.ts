import { mkdtempSync, rmSync, writeFileSync, mkdirSync, copyFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { progressLine } from '../../src/cli/progress.ts';
import { pktf, pktfJson, pktfPrints } from './pktf.ts';

const pcaps = fileURLToPath(new URL('../../../test/pcaps', import.meta.url));
const mixed = join(pcaps, 'mixed.pcap');
const raw = join(pcaps, 'raw.pcap');

interface Counted {
  readonly packets: number;
  readonly matched: number;
  readonly rules: readonly { readonly name: string; readonly action: string; readonly packets: number }[];
}

let directory: string;
before(() => (directory = mkdtempSync(join(tmpdir(), 'pktf-replay-'))));
after(() => rmSync(directory, { recursive: true }));

describe('pktf replay, several captures', () => {
  it('reads the captures of a directory and of those in it, and nothing else there', () => {
    const tree = join(directory, 'tree');
    mkdirSync(join(tree, 'deeper'), { recursive: true });
    copyFileSync(mixed, join(tree, 'a.pcap'));
    copyFileSync(mixed, join(tree, 'deeper', 'b.pcap'));
    writeFileSync(join(tree, 'notes.txt'), 'no capture');
    const { packets } = pktfJson('replay', mixed) as Counted;
    expect((pktfJson('replay', tree) as Counted).packets).to.equal(2 * packets);
    expect((pktfJson('replay', mixed, '-r', tree) as Counted).packets).to.equal(3 * packets);
  });

  it('goes on behind a capture that is damaged or missing', () => {
    const missing = join(directory, 'missing.pcap');
    const damaged = join(pcaps, 'truncated-packet.pcap');
    const { code, stdout, stderr } = pktf('replay', damaged, '-r', missing, '-r', mixed, '--json');
    expect(code).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.include({ packets: 29 + 30 });
    expect(stderr).to.include('inside a packet').and.include('missing.pcap: no such file');
  });

  it('writes packets of several link types to a pcapng file, and says so for a pcap file', () => {
    const out = join(directory, 'both.pcapng');
    const both = pktfJson('replay', mixed, '-r', raw, 'tcp') as Counted;
    pktfPrints('replay', mixed, '-r', raw, 'tcp', '-w', out);
    expect(pktfJson('replay', out, 'tcp')).to.deep.include({ packets: both.matched, matched: both.matched });
    const refused = pktf('replay', mixed, '-r', raw, 'tcp', '-w', join(directory, 'both.pcap'));
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.include('different link types').and.include('.pcapng');
  });
});

describe('pktf replay, engines', () => {
  for (const engine of ['interpreter', 'javascript', 'ebpf', 'kernel']) {
    it(`${engine} counts as tcpdump does`, () => {
      expect(pktfJson('replay', mixed, 'tcp port 22', '--engine', engine)).to.deep.include({ matched: 6 });
    });
  }

  it('all of them agree', () => {
    const { disagreements, engines } = pktfJson('replay', mixed, 'tcp port 22', '--engine', 'all') as {
      disagreements: number;
      engines: unknown[];
    };
    expect(disagreements).to.equal(0);
    expect(engines).to.have.length(7);
  });
});

describe('pktf replay --policy', () => {
  const policy = (): string => {
    const path = join(directory, 'edge.yaml');
    writeFileSync(
      path,
      'name: edge\ninterfaces: [lo]\ndefault: pass\nrules:\n' +
        '  - { name: ssh, match: tcp port 22, action: drop }\n' +
        '  - { name: dns, match: udp port 53, action: count }\n',
    );
    return path;
  };

  it('counts by rule and tells what would be dropped', () => {
    const { matched, packets, rules } = pktfJson('replay', mixed, '--policy', policy()) as Counted;
    expect(rules.map(({ name, action }) => `${name} ${action}`)).to.deep.equal([
      'ssh drop',
      'dns count',
      'default pass',
      'malformed pass',
    ]);
    const ending = rules.filter(({ action }) => action !== 'count').reduce((sum, rule) => sum + rule.packets, 0);
    expect(ending).to.equal(packets);
    expect(matched).to.equal(rules[0]?.packets).and.to.be.greaterThan(0);
    expect(pktfPrints('replay', mixed, '--policy', policy(), '--count')).to.include(`${matched} of ${packets} packets`);
  });

  it('writes what would be dropped', () => {
    const out = join(directory, 'dropped.pcapng');
    const { matched } = pktfJson('replay', mixed, '--policy', policy(), '-w', out) as Counted;
    expect((pktfJson('replay', out, 'tcp port 22') as Counted).packets).to.equal(matched);
  });

  it('is not asked together with a filter', () => {
    const { code, stderr } = pktf('replay', mixed, 'tcp', '--policy', policy());
    expect(code).to.equal(1);
    expect(stderr).to.include('a filter and --policy were both given');
  });
});

describe('pktf replay --stats', () => {
  it('tells protocols, lengths and times of the matching packets', () => {
    const { statistics } = pktfJson('replay', mixed, 'tcp port 22', '--stats') as {
      statistics: { packets: number; protocols: { packets: number }[]; sizes: { packets: number }[] };
    };
    expect(statistics.packets).to.equal(6);
    for (const counts of [statistics.protocols, statistics.sizes]) {
      expect(counts.reduce((sum, { packets }) => sum + packets, 0)).to.equal(6);
    }
    const text = pktfPrints('replay', mixed, 'tcp port 22', '--stats');
    expect(text)
      .to.match(/^IPv4 tcp +\d/m)
      .and.match(/^64–127 +\d/m);
    expect(text.trimEnd().split('\n').at(-1)).to.match(/^[▁▂▃▄▅▆▇█ ]+$/);
  });
});

describe('progress', () => {
  it('tells how much is done, how fast, and how long it will take', () => {
    expect(progressLine(50_000_000, 200_000_000, 0.5)).to.equal('██████░░░░░░░░░░░░░░░░░░  25 %, 100 MB/s, 2 s left');
  });

  it('knows no end of compressed captures', () => {
    expect(progressLine(3_000_000, 1_000_000, 1)).to.equal('3 MB, 3 MB/s');
  });

  it('stays off what is no terminal', () => {
    expect(pktf('replay', mixed, '--count').stderr).to.equal('');
  });
});

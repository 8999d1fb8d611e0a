import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireOrSkip } from '../support/require.ts';
import { hasTcpdump } from '../support/tcpdump.ts';
import { pktf, pktfPrints } from './pktf.ts';

const filter = 'tcp port 22';

describe('pktf compile', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pktf-compile-'));
  after(() => rmSync(directory, { recursive: true }));

  it('-d, -dd and -ddd show one program in three forms', () => {
    const numbers = pktfPrints('compile', '-ddd', filter).trimEnd().split('\n');
    const fragment = pktfPrints('compile', '-dd', filter).trimEnd().split('\n');
    const listing = pktfPrints('compile', '-d', filter).trimEnd().split('\n');
    expect(numbers[0]).to.equal(String(numbers.length - 1));
    expect([fragment.length, listing.length]).to.deep.equal([numbers.length - 1, numbers.length - 1]);
    const fed = fragment.map((line) => {
      const [, code, jt, jf, k] = /^\{ (0x[0-9a-f]+), (\d+), (\d+), (0x[0-9a-f]{8}) \},$/.exec(line)!;
      return [code, jt, jf, k].map(Number).join(' ');
    });
    expect(fed).to.deep.equal(numbers.slice(1));
    listing.forEach((line, i) => expect(line).to.match(new RegExp(`^\\(0*${i}\\) [a-z]+`)));
  });

  it('prints them as tcpdump does, letter for letter, where the program is the same', function () {
    requireOrSkip(this, 'oracle', hasTcpdump(), 'there is no tcpdump');
    // Shapes in which there is one program only; others pktf may compile to fewer instructions.
    for (const plain of ['arp', 'ether proto 0x1234', 'ether[0] & 1 != 0', 'greater 100']) {
      for (const form of ['-d', '-dd', '-ddd']) {
        const theirs = spawnSync('tcpdump', ['-y', 'EN10MB', form, plain], { encoding: 'utf8' });
        expect(pktfPrints('compile', form, plain), `${form} ${plain}`).to.equal(theirs.stdout);
      }
    }
  });

  it('-O shows what was written, not what it comes to', () => {
    const plain = Number(pktfPrints('compile', '-O', '-ddd', filter).split('\n')[0]);
    const optimized = Number(pktfPrints('compile', '-ddd', filter).split('\n')[0]);
    expect(plain).to.be.greaterThan(optimized);
  });

  it('-y compiles for another link type', () => {
    expect(pktfPrints('compile', '-d', '-y', 'RAW', 'ip'))
      .to.include('[0]')
      .and.not.include('[12]');
    expect(pktfPrints('compile', '-d', '-y', 'EN10MB', 'ip')).to.equal(pktfPrints('compile', '-d', 'ip'));
    expect(pktf('compile', '-y', 'RAW', 'ether host 1:2:3:4:5:6').code).to.equal(1);
  });

  it('-F reads the filter from a file, -s sets what a match returns, -o writes to a file', () => {
    const [text, out] = [join(directory, 'filter'), join(directory, 'program')];
    writeFileSync(text, '# ssh only\ntcp\n  port 22\n');
    expect(pktfPrints('compile', '-ddd', '-F', text)).to.equal(pktfPrints('compile', '-ddd', filter));
    expect(pktfPrints('compile', '-d', '-s', '96', filter)).to.match(/ret +#96$/m);
    expect(pktfPrints('compile', '-ddd', '-o', out, filter)).to.equal('');
    expect(readFileSync(out, 'utf8')).to.equal(pktfPrints('compile', '-ddd', filter));
  });

  it('--target socket asks for tags in metadata, --target cbpf in the bytes', () => {
    expect(pktfPrints('compile', '--target', 'socket', '-d', 'vlan 7')).to.match(/vlan_/);
    expect(pktfPrints('compile', '--target', 'cbpf', '-d', 'vlan 7'))
      .to.include('#0x8100')
      .and.not.match(/vlan_/);
  });

  for (const [target, drop, pass] of [
    ['xdp', 1, 2],
    ['tc', 2, -1],
  ] as const) {
    it(`--target ${target} shows the eBPF program for an action`, () => {
      const codes = (action: string): ReadonlySet<number> => {
        const listing = pktfPrints('compile', '--target', target, '--action', action, '--no-counters', filter);
        // What is returned is what r0 held last before an exit.
        return new Set([...listing.matchAll(/r0 = (-?\d+)\n.*exit/g)].map(([, code]) => Number(code)));
      };
      expect(codes('drop')).to.deep.equal(new Set([drop, pass]));
      expect(codes('pass')).to.deep.equal(new Set([drop, pass]));
      expect(codes('count')).to.deep.equal(new Set([pass]));
      expect(pktfPrints('compile', '--target', target, '--action', 'drop', filter)).to.include('map[counters]');
    });
  }

  it('--relaxed leaves out loads that only matter where they fail', () => {
    const sizes = [[], ['--relaxed']].map((flags) => {
      return Number(pktfPrints('compile', '-ddd', ...flags, 'port 80 or port 443').split('\n')[0]);
    });
    expect(sizes[1]).to.be.lessThan(sizes[0] as number);
  });

  it('--stats tells sizes beside the program, not in it', () => {
    const { code, stdout, stderr } = pktf('compile', '-ddd', '--stats', filter);
    expect([code, stdout]).to.deep.equal([0, pktfPrints('compile', '-ddd', filter)]);
    expect(stderr).to.match(/^\d+ classic instructions\n$/);
    expect(pktf('compile', '--target', 'xdp', '--stats', filter).stderr).to.match(/\d+ eBPF instructions, \d+ of them/);
  });

  it('--emit ir and asm', () => {
    expect(pktfPrints('compile', '--emit', 'ir', filter)).to.include('match');
    expect(pktfPrints('compile', '--emit', 'asm', filter)).to.match(/^\s*ldh \[12\]$/m);
  });
});

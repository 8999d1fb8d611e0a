import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as makers from '../../src/cli/commands.ts';
import { commandLine } from '../../src/cli/main.ts';
import { pktf, pktfBeside, pktfIn } from './pktf.ts';

const pcaps = fileURLToPath(new URL('../../../test/pcaps/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'pktf-errors-'));
after(() => rmSync(directory, { recursive: true }));

/** Expects a refusal of one line, perhaps with what to do in a second. */
function expectRefusal(code: number, says: string | RegExp, ...words: readonly string[]): void {
  const finished = pktf(...words);
  expect(finished.code, finished.stderr).to.equal(code);
  if (typeof says === 'string') expect(finished.stderr).to.include(says);
  else expect(finished.stderr).to.match(says);
  const lines = finished.stderr.trimEnd().split('\n');
  expect(lines[0]).to.match(/^error: /);
  expect(lines.length, finished.stderr).to.be.lessThan(3);
  if (lines[1] !== undefined) expect(lines[1]).to.match(/^ {2}help: |^\(pktf/);
}

describe('pktf, used wrongly', () => {
  it('tells of an interface that is not there, and of those that are', () => {
    for (const words of [
      ['attach', 'nosuch0', 'tcp'],
      ['detach', 'nosuch0'],
      ['status', 'nosuch0'],
      ['counters', 'nosuch0'],
      ['capture', 'nosuch0'],
    ]) {
      expectRefusal(1, /there is no interface "nosuch0"\n {2}help: interfaces here: .*\blo\b/, ...words);
    }
    for (const name of ['', 'a'.repeat(300), 'x\ny', '../..', '-']) {
      const { code, stderr } = pktf('status', '--', name);
      expect(code, stderr).to.equal(1);
    }
  });

  it('tells of a network namespace that is not there', () => {
    for (const name of ['nosuch', '..', '/etc/passwd']) {
      expectRefusal(1, `there is no network namespace "${name}"`, 'status', '--netns', name);
    }
  });

  it('draws a caret under the word of a filter that is wrong, whatever the command', () => {
    const picture = /^filter:1:5: error: .*\ntcp prot 22\n {4}\^\^\^\^\n/;
    for (const words of [['attach', 'lo'], ['compile'], ['replay', join(pcaps, 'mixed.pcap')], ['capture', 'lo']]) {
      const { code, stdout, stderr } = pktf(...words, 'tcp', 'prot', '22');
      expect([code, stdout], words.join(' ')).to.deep.equal([1, '']);
      expect(stderr).to.match(picture);
    }
  });

  it('names the file of a filter and the line in it', () => {
    const file = join(directory, 'filter');
    writeFileSync(file, '# only ssh\ntcp port 22\n  and port nosuch\n');
    const { code, stderr } = pktf('compile', '-F', file);
    expect(code).to.equal(1);
    expect(stderr).to.include(`${file}:3:12: error: `);
    expectRefusal(1, 'cannot read the filter file', 'compile', '-F', join(directory, 'nosuch'));
    expectRefusal(1, 'a filter and -F', 'compile', '-F', file, 'tcp');
    expect(pktfIn({ input: 'tcp port 22' }, 'compile', '-ddd', '-F', '-').stdout).to.equal(
      pktf('compile', '-ddd', 'tcp port 22').stdout,
    );
  });

  it('exits with 2 for a wrong usage, and says which', () => {
    const wrong: readonly (readonly [string, ...string[]])[] = [
      ["missing required argument 'interface'", 'attach'],
      ["missing required argument 'capture'", 'replay'],
      ['too many arguments', 'detach', 'a', 'b'],
      ['Allowed choices are xdp, tc, tc-egress', 'attach', 'lo', 'tcp', '--hook', 'socket'],
      ['Allowed choices are count, drop, pass', 'attach', 'lo', 'tcp', '--action', 'reject'],
      ['Allowed choices are native, generic, offload', 'attach', 'lo', 'tcp', '--mode', 'fast'],
      ["unknown option '--nosuch'", 'status', '--nosuch'],
      ["unknown command 'atach'", 'atach', 'lo', 'tcp'],
      ["option '--netns <name>' argument missing", 'status', '--netns'],
    ];
    for (const [says, ...words] of wrong) {
      const { code, stdout, stderr } = pktf(...words);
      expect([code, stdout], stderr).to.deep.equal([2, '']);
      expect(stderr).to.include(says);
      expect(stderr).to.match(/^\(pktf .*--help tells more\)$/m);
    }
    expect(pktf().code).to.equal(2);
    expect(pktf().stderr).to.include('Usage: pktf');
  });

  it('refuses numbers that are none', () => {
    for (const [flag, value] of [
      ['-c', 'x'],
      ['-c', '0'],
      ['-c', '-1'],
      ['-c', '1e3'],
      ['-s', '1.5'],
      ['-s', '99999999999999999999'],
    ])
      expectRefusal(1, `${flag} takes a whole number`, 'capture', 'lo', flag!, value!);
  });

  it('refuses what does not go together', () => {
    expectRefusal(1, '-d, -dd and -ddd print classic BPF', 'compile', '--target', 'xdp', '-ddd', 'tcp');
    expectRefusal(1, 'unknown link type "NOSUCH"', 'compile', '-y', 'NOSUCH', 'tcp');
    expectRefusal(1, '--mode native is for XDP', 'attach', 'lo', 'tcp', '--hook', 'tc', '--mode', 'native');
  });
});

describe('pktf, help', () => {
  const commands = commandLine(Object.values(makers)).commands.map((command) => command.name());

  it('lists all commands', () => {
    const { code, stdout } = pktf('--help');
    expect(code).to.equal(0);
    for (const name of commands) expect(stdout).to.match(new RegExp(`^  ${name} `, 'm'));
    expect(pktf('--version').stdout).to.match(/^\d+\.\d+\.\d+\n$/);
  });

  it('of each command has examples of it', async () => {
    const helps = await Promise.all(commands.map(async (name) => ({ name, ...(await pktfBeside(name, '--help')) })));
    for (const { name, code, stdout, stderr } of helps) {
      expect([code, stderr], name).to.deep.equal([0, '']);
      const examples = stdout.slice(stdout.indexOf('\nExamples:\n'));
      expect(examples, name).to.match(new RegExp(`^  .*pktf ${name}\\b`, 'm'));
    }
  });
});

describe('pktf replay, over captures that are damaged', () => {
  const damaged: readonly (readonly [file: string, says: string, matching: number])[] = [
    ['truncated-packet.pcap', 'the capture ends inside a packet', 29],
    ['truncated-record-header.pcap', 'the capture ends', 2],
    ['absurd-length.pcap', 'a packet claims 2147483648 captured bytes', 2],
    ['truncated-file-header.pcap', 'the capture ends inside its header', 0],
    ['empty.pcap', 'is empty', 0],
    ['not-a-capture.pcap', 'is no capture', 0],
    ['bad-version.pcap', 'version', 0],
  ];
  for (const [file, says, matching] of damaged) {
    it(`${file}: gives the good packets, then one line that says what and where`, () => {
      const path = join(pcaps, file);
      const { code, stdout, stderr } = pktf('replay', path);
      expect(code, stderr).to.equal(1);
      expect(stdout === '' ? 0 : stdout.trimEnd().split('\n').length).to.equal(matching);
      expect(stderr.trimEnd())
        .to.match(/^(\d+ of \d+ packets match\n)?error: [^\n]*$/)
        .and.include(path)
        .and.include(says);
      const asJson = pktf('replay', path, '--json');
      expect(asJson.code).to.equal(1);
      if (matching === 0) expect(asJson.stdout).to.equal('');
      else expect(JSON.parse(asJson.stdout)).to.deep.include({ matched: matching });
    });
  }

  it('writes the good packets of a truncated capture', () => {
    const out = join(directory, 'good.pcap');
    expect(pktf('replay', join(pcaps, 'truncated-packet.pcap'), 'tcp', '-w', out).code).to.equal(1);
    expect(JSON.parse(pktf('replay', out, '--json').stdout)).to.deep.include({ packets: 12, matched: 12 });
  });

  it('tells of what is no file', () => {
    expectRefusal(1, 'is a directory without captures', 'replay', join(pcaps, '../filters'), 'tcp');
    expectRefusal(1, 'no such file', 'replay', join(pcaps, 'nosuch.pcap'), 'tcp');
    expectRefusal(
      1,
      'no such file',
      'replay',
      join(pcaps, 'mixed.pcap'),
      'tcp',
      '-r',
      join(pcaps, 'nosuch.pcap'),
      '--count',
    );
  });
});

describe('pktf, writing where it cannot', () => {
  const mixed = join(pcaps, 'mixed.pcap');

  it('says so and exits with 3', () => {
    expectRefusal(3, 'no space is left', 'replay', mixed, 'tcp', '-w', '/dev/full');
    expectRefusal(3, 'no such file or directory', 'replay', mixed, 'tcp', '-w', join(directory, 'no', 'such'));
    expectRefusal(3, 'cannot be written', 'replay', mixed, 'tcp', '-w', directory);
    expectRefusal(3, 'no space left', 'compile', 'tcp', '-o', '/dev/full');
    expectRefusal(3, 'no such file or directory', 'compile', 'tcp', '-o', join(directory, 'no', 'such'));
  });

  it('never empties what it reads', () => {
    const copy = join(directory, 'copy.pcap');
    writeFileSync(copy, readFileSync(mixed));
    expectRefusal(1, 'is read and cannot be written', 'replay', copy, 'tcp', '-w', copy);
    expectRefusal(1, 'is read and cannot be written', 'replay', mixed, 'tcp', '-r', copy, '-w', copy);
    expect(statSync(copy).size).to.equal(statSync(mixed).size);
  });
});

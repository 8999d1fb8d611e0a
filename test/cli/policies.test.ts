import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pktf, pktfJson, pktfPrints } from './pktf.ts';

const good = 'rules/office-ssh.yaml';

describe('cli/check, test, explain', () => {
  let directory = '';
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'pktf-cli-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const broken = 'rules:\n  - name: a\n    match: port foo\n    action: drip\n';

  it('check says what a good policy has', () => {
    expect(pktfPrints('check', good)).to.match(
      /^rules\/office-ssh\.yaml: good \(2 rules, 1 sets, 13 tests, \d+ instructions\)\n$/,
    );
  });

  it('check draws every problem of every file, and exits with 1', () => {
    const path = file('broken.yaml', broken);
    const { code, stdout, stderr } = pktf('check', path, good, path);
    expect([code, stdout.match(/2 errors/g)?.length]).to.deep.equal([1, 2]);
    expect(stderr).to.include(`${path}:3:17: error: unknown port 'foo'\n    match: port foo\n                ^^^\n`);
    expect(stderr).to.include("broken.yaml:4:13: error: 'action' cannot be 'drip'");
  });

  it('check --json has the problems with their places', () => {
    const path = file('broken.yaml', broken);
    const { code, stdout } = pktf('check', path, '--json');
    const [document] = JSON.parse(stdout) as [{ readonly ok: boolean; readonly problems: readonly unknown[] }];
    expect([code, document.ok, document.problems.length]).to.deep.equal([1, false, 2]);
    expect(document.problems[0]).to.include({ file: path, line: 3, column: 17, severity: 'error' });
  });

  it('check tells of tests that cannot be', () => {
    const path = file('tests.yaml', 'rules: []\ntests:\n  - { flow: nonsense, expect: drop }\n');
    expect(pktf('check', path)).to.include({ code: 1 });
  });

  it('a policy that is not there is the user’s error', () => {
    for (const words of [['check'], ['test'], ['apply'], ['explain', '--hex', '00', '--policy']]) {
      const { code, stderr } = pktf(...words, 'none.yaml');
      expect([code, stderr]).to.deep.equal([1, 'error: cannot read none.yaml: there is no such file\n']);
    }
  });

  it('test prints a line for each test, and exits with 0 when all pass', () => {
    const printed = pktfPrints('test', good);
    expect(printed.split('\n')[0]).to.equal('office-ssh');
    expect(printed)
      .to.include('  ok    tcp 198.51.100.7:40000 > 192.0.2.10:22\n')
      .and.include('  13 passed, 0 failed\n');
  });

  it('test shows the packet and the rule that decided where one fails, and exits with 1', () => {
    const path = file('fails.yaml', 'rules: []\ntests:\n  - { flow: "udp 10.0.0.1:1 > 10.0.0.2:2", expect: drop }\n');
    const { code, stdout } = pktf('test', path);
    expect(code).to.equal(1);
    expect(stdout).to.equal(
      [
        'fails',
        '  FAIL  udp 10.0.0.1:1 > 10.0.0.2:2',
        '        expected drop, got pass 1 ("default" 1)',
        '        packet: IP 10.0.0.1.1 > 10.0.0.2.2: UDP, length 0',
        '        decided: pass by default',
        '  0 passed, 1 failed',
        '',
      ].join('\n'),
    );
  });

  it('test speaks TAP, JUnit and JSON', () => {
    expect(pktfPrints('test', good, '--reporter', 'tap')).to.match(/^TAP version 13\n1\.\.13\nok 1 - office-ssh: /);
    expect(pktfPrints('test', good, '--reporter', 'junit')).to.include(
      '<testsuite name="office-ssh" tests="13" failures="0"',
    );
    const [report] = pktfJson('test', good) as readonly [
      { readonly tests: readonly unknown[]; readonly unreached: unknown },
    ];
    expect([report.tests.length, report.unreached]).to.deep.equal([13, []]);
  });

  it('explain goes through a policy, and through a filter', () => {
    const flow = ['--flow', 'udp 203.0.113.7:40000 > 192.0.2.10:22'];
    expect(pktfPrints('explain', '--policy', good, ...flow)).to.match(/\npass by default\n$/);
    expect(pktfPrints('explain', 'tcp', 'port', '22', ...flow)).to.include(
      'no match\n  tcp port 22: 17 (0x11) = 6? no\n',
    );
    const document = pktfJson('explain', '--policy', good, '--packet', 'test/pcaps/ssh.pcap:1') as Record<
      string,
      unknown
    >;
    expect(document).to.include({ verdict: 'pass', decidedBy: 'office ssh' });
  });

  it('explain wants a packet that is there', () => {
    for (const words of [[], ['--packet', 'test/pcaps/ssh.pcap:9999'], ['--flow', 'tcp nowhere'], ['--hex', '0g']]) {
      expect(pktf('explain', 'tcp', ...words), words.join(' ')).to.include({ code: 1 });
    }
    expect(pktf('explain', 'tcp', '--policy', good, '--hex', '00')).to.include({ code: 1 });
    expect(pktf('explain', 'tcp', '--flow', 'x', '--hex', '00')).to.include({ code: 2 });
  });
});

import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Engine } from '../../src/replay/engine.ts';
import { javascriptEngine } from '../../src/replay/engine/javascript.ts';
import { printJunit } from '../../src/verify/report/junit.ts';
import { printTap } from '../../src/verify/report/tap.ts';
import { decisionLines } from '../../src/verify/report/failure.ts';
import type { PolicyReport } from '../../src/verify/run-tests.ts';
import { plainEngines, testPolicy } from '../support/policy.ts';

const ssh = resolve('test/pcaps/ssh.pcap');
const policy = `name: edge & <co>
sets: { office: [198.51.100.0/24, 2001:db8:1::/48] }
rules:
  - { name: all tcp, match: tcp, action: count }
  - { name: would drop, match: tcp, action: drop, audit: true }
  - { name: office ssh, match: tcp dst port 22 and src net @office, action: pass }
  - { name: other ssh, match: tcp dst port 22, action: drop }
  - { name: web, match: tcp dst port 80, action: redirect eth1 }
  - { name: back, match: tcp dst port 81, action: tx }
  - { name: never, match: udp dst port 7, action: drop }
tests:
  - { capture: ${ssh}, expect: { pass: 34, drop: 1200 } }
  - { flow: 'tcp 10.0.0.1:1 > 10.0.0.2:80', expect: redirect eth1 by web }
  - { flow: 'tcp 10.0.0.1:1 > 10.0.0.2:81', expect: tx }
  - { flow: 'udp 10.0.0.1:1 > 10.0.0.2:81', expect: pass by default }
  - { name: 'wrong # verdict', flow: 'tcp 10.0.0.1:1 > 10.0.0.2:22', expect: pass by "office ssh" }
  - { capture: ${ssh}, expect: drop by "other ssh" }
  - { capture: ${ssh}, expect: { pass: 33 } }
  - { capture: none.pcap, expect: drop }
`;

async function report(engine: Engine): Promise<PolicyReport> {
  const directory = mkdtempSync(join(tmpdir(), 'pktf-tests-'));
  try {
    writeFileSync(join(directory, 'policy.yaml'), policy);
    return await testPolicy(join(directory, 'policy.yaml'), engine);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('verify/run-tests', () => {
  for (const engine of plainEngines) {
    it(`passes what is as expected and tells what is not, on the ${engine.name} engine`, async () => {
      const { results, unreached } = await report(engine);
      expect(results.map(({ outcome, packets }) => `${outcome} ${packets}`)).to.deep.equal([
        'passed 1234',
        'passed 1',
        'passed 1',
        'passed 1',
        'failed 1',
        'failed 1234',
        'failed 1234',
        'failed 0',
      ]);
      expect(unreached).to.deep.equal(['never']);
      expect(results.slice(4, 7).map(({ message }) => message)).to.deep.equal([
        'expected pass by "office ssh", got drop 1 ("other ssh" 1)',
        'expected drop by "other ssh", got pass 34, drop 1200 ("office ssh" 34, "other ssh" 1200)',
        'expected pass 33, got pass 34, drop 1200 ("office ssh" 34, "other ssh" 1200)',
      ]);
      expect(results[7]?.message).to.match(/none\.pcap/);
      expect(decisionLines(results[5]!)).to.deep.equal([
        'packet 1: IP 198.51.100.7.40000 > 192.0.2.1.22: Flags [S], seq 1, win 64240, length 0',
        'decided: pass by "office ssh"',
      ]);
      expect(decisionLines(results[6]!)).to.deep.equal([]);
    });
  }

  it('prints TAP', async () => {
    const lines = printTap([await report(javascriptEngine)]).split('\n');
    expect(lines.slice(0, 3)).to.deep.equal(['TAP version 13', '1..8', `ok 1 - edge & <co>: ${ssh}`]);
    expect(lines).to.include('not ok 5 - edge & <co>: wrong \\# verdict');
    expect(lines).to.include('# decided: drop by "other ssh"');
    expect(lines.at(-2)).to.equal('# edge & <co>: no test reaches "never"');
  });

  it('prints JUnit’s XML', async () => {
    const xml = printJunit([await report(javascriptEngine)]);
    expect(xml).to.include('<testsuite name="edge &amp; &lt;co&gt;" tests="8" failures="4" skipped="0">');
    expect(xml).to.include(
      'name="wrong # verdict"><failure message="expected pass by &quot;office ssh&quot;, got drop 1',
    );
    expect(xml).to.include('<system-out>no test reaches &quot;never&quot;</system-out>');
    expect(xml.match(/<testcase/g)).to.have.length(8);
  });

  it('no control character gets into XML or a line of TAP', () => {
    const result = { test: { title: 'a\u0007\nb' } as never, outcome: 'passed', packets: 1 } as const;
    const reports: readonly PolicyReport[] = [{ policy: 'p', results: [result], unreached: [] }];
    expect(printJunit(reports)).to.include('name="a?\nb"');
    expect(printTap(reports)).to.equal('TAP version 13\n1..1\nok 1 - p: a\u0007 b\n');
  });
});

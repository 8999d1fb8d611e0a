import { expect } from 'chai';
import { readTests } from '../../src/verify/read-tests.ts';
import { describeProblem, readText } from '../rules/policy-text.ts';

const rules = 'rules: [{ name: web, match: tcp port 80, action: pass }]\ntests:\n';

function problemsOfTests(tests: string): readonly string[] {
  const { file } = readText(`${rules}${tests}`);
  return readTests(file).diagnostics.map((problem) => `${describeProblem(problem)}: ${problem.message}`);
}

describe('verify/read-tests', () => {
  it('reads flows, packets and captures, and what is expected of them', () => {
    const { file, diagnostics } = readText(
      `${rules}  - { flow: udp 10.0.0.1:1 > 10.0.0.2:2, expect: pass by default }\n` +
        '  - { name: short, packet: "0x0000:  0200 0000:01", expect: pass by malformed }\n' +
        '  - { packet: 020000000001, expect: drop by web }\n' +
        '  - { capture: a.pcap, expect: { pass: 3, drop: 0 } }\n',
    );
    const { tests, diagnostics: problems } = readTests(file);
    expect([...diagnostics, ...problems]).to.deep.equal([]);
    expect(tests.map(({ title, expectation }) => [title, expectation])).to.deep.equal([
      ['udp 10.0.0.1:1 > 10.0.0.2:2', { kind: 'verdict', verdict: 'pass', rule: 'default' }],
      ['short', { kind: 'verdict', verdict: 'pass', rule: 'malformed' }],
      ['020000000001', { kind: 'verdict', verdict: 'drop', rule: 'web' }],
      ['a.pcap', { kind: 'counts', counts: { pass: 3, drop: 0 } }],
    ]);
    expect(tests.map(({ subject }) => (subject.kind === 'frame' ? subject.bytes.length : subject.kind))).to.deep.equal([
      42,
      5,
      6,
      'capture',
    ]);
  });

  it('points into flows and packets', () => {
    expect(
      problemsOfTests(
        '  - flow: tcp 10.0.0.1:80 > 10.0.0.2:99999\n    expect: drop\n' +
          '  - flow: "vlan 5000 udp 10.0.0.1:1 > 10.0.0.2:2"\n    expect: drop\n' +
          '  - flow: udp 10.0.0.1:1 > 10.0.0.2:2 len 20\n    expect: drop\n' +
          '  - packet: 00 1g\n    expect: drop\n' +
          '  - packet: >-\n      00 11\n      223\n    expect: drop\n',
      ),
    ).to.deep.equal([
      "3:29 bad-subject '10.0.0.2:99999': a port from 0 to 65535 belongs behind the address: 192.0.2.1:80",
      "5:17 bad-subject '5000': a VLAN is a number from 0 to 4095",
      "7:11 bad-subject 'udp 10.0.0.1:1 > 10.0.0.2:2 len 20': such packets have from 42 to 65549 bytes, not 20",
      "9:17 bad-subject 'g': a packet is written in hexadecimal digits",
      "13:9 bad-subject '3': the last byte has only one digit",
    ]);
  });

  it('wants one subject, and rules that are there', () => {
    expect(
      problemsOfTests(
        '  - expect: drop\n  - flow: udp 10.0.0.1:1 > 10.0.0.2:2\n    packet: "00"\n    expect: drop\n' +
          '  - packet: "00"\n    expect: drop by "wen"\n  - packet: "00"\n    expect: drop by nobody\n',
      ),
    ).to.deep.equal([
      "3:5 test-subject 'expect': a test has one of flow, packet and capture",
      "5:5 test-subject 'packet': a test has one of flow, packet and capture",
      "8:22 unknown-rule 'wen': no rule is called 'wen'",
      "10:21 unknown-rule 'nobody': no rule is called 'nobody'",
    ]);
  });
});

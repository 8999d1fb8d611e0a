import { expect } from 'chai';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { tokenize } from '../../src/compiler/lexer.ts';

function kinds(text: string): string {
  return tokenize({ name: 'filter', text })
    .slice(0, -1)
    .map((token) => `${token.kind}:${token.text}`)
    .join(' ');
}

function errorOf(text: string): string | undefined {
  try {
    tokenize({ name: 'filter', text });
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics[0]?.code;
    throw error;
  }
  return undefined;
}

describe('lexer', () => {
  it('takes the longest match', () => {
    const cases: Readonly<Record<string, string>> = {
      'tcp-syn': 'number:tcp-syn',
      'tcp-': 'word:tcp symbol:-',
      'tcp-foo': 'name:tcp-foo',
      tcpdump: 'name:tcpdump',
      '80-90': 'name:80-90',
      '10': 'number:10',
      '0x1F': 'number:0x1F',
      '10a': 'name:10a',
      '10.1': 'ipv4:10.1',
      '10.0.0.1': 'ipv4:10.0.0.1',
      '10.0.0.1.': 'name:10.0.0.1.',
      '1.2.3.4.5': 'name:1.2.3.4.5',
      '1.2.3.4.5.6': 'mac:1.2.3.4.5.6',
      '0011.2233.4455': 'mac:0011.2233.4455',
      '012345670123': 'mac:012345670123',
      '001122aabbcc': 'mac:001122aabbcc',
      '1:2:3:4:5:6': 'mac:1:2:3:4:5:6',
      'a-b-c-d-e-f': 'mac:a-b-c-d-e-f',
      '1:2:3:4:5:6:7:8': 'ipv6:1:2:3:4:5:6:7:8',
      '::': 'ipv6:::',
      '::1': 'ipv6:::1',
      'fe80::1': 'ipv6:fe80::1',
      'fe80::/10': 'ipv6:fe80:: symbol:/ number:10',
      '::ffff:1.2.3.4': 'ipv6:::ffff:1.2.3.4',
      '1:2:3:4:5:6:1.2.3.4': 'ipv6:1:2:3:4:5:6:1.2.3.4',
      'ip[2:2]': 'word:ip symbol:[ number:2 symbol:: number:2 symbol:]',
      'ip[0]>>2>=1': 'word:ip symbol:[ number:0 symbol:] symbol:>> number:2 symbol:>= number:1',
      '!tcp&&udp||ip': 'word:! word:tcp word:&& word:udp word:|| word:ip',
      '1!=2==3&|^': 'number:1 symbol:!= number:2 symbol:== number:3 symbol:& symbol:| symbol:^',
      '\\tcp)': 'name:\\tcp symbol:)',
      $2b: 'short-mac:$2b',
      ' \t\r\n ': '',
    };
    for (const [text, expected] of Object.entries(cases)) expect(kinds(text), text).to.equal(expected);
  });

  it('reads decimal, octal and hexadecimal numbers', () => {
    const values = tokenize({ name: 'filter', text: '4294967295 0377 0xFFffFFff 0 icmp6-echo tcp-cwr' });
    expect(values.slice(0, -1).map((token) => (token.kind === 'number' ? token.value : token.kind))).to.deep.equal([
      4294967295, 255, 4294967295, 0, 128, 128,
    ]);
  });

  it('refuses what is no token', () => {
    expect(errorOf('4294967296')).to.equal('number-too-large');
    expect(errorOf('0x1ffffffff')).to.equal('number-too-large');
    expect(errorOf('089')).to.equal('number-not-octal');
    expect(errorOf('1:2:3:4:5:6:7')).to.equal('invalid-mac-address');
    expect(errorOf('aa:bb:')).to.equal('invalid-mac-address');
    expect(errorOf('::1.2.3.400')).to.equal('invalid-ipv6-address');
    for (const text of ['"', "'", ',', '#', '\\', '$', '@', '\u0000', 'é', '\ud800']) {
      expect(errorOf(text), text).to.equal('unexpected-character');
    }
  });

  it('takes linear time for hostile text', () => {
    const length = 200_000;
    for (const piece of ['a', '-', 'a-', ':', 'a:', '::', '1.', '0x', '$', '.', ' ', 'f'.repeat(40)]) {
      const started = performance.now();
      errorOf(piece.repeat(length / piece.length));
      expect(performance.now() - started, JSON.stringify(piece)).to.be.below(2000);
    }
  });
});

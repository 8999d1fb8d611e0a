import { expect } from 'chai';
import { parseElement, printElement } from '../../src/rules/set-element.ts';
import { entriesOfElement } from '../../src/rules/table-entries.ts';
import { tablesOfSets } from '../../src/rules/tables.ts';
import { readText, testNames } from './policy-text.ts';

function printed(text: string): string {
  const parsed = parseElement(text, testNames);
  return parsed.kind === 'element' ? printElement(parsed.element) : parsed.kind;
}

describe('rules/set-element', () => {
  it('reads and prints addresses, networks, ports, ranges, MAC addresses and services', () => {
    const forms: Readonly<Record<string, string>> = {
      '192.0.2.1': '192.0.2.1',
      '192.0.2.1/32': '192.0.2.1',
      '0.0.0.0/0': '0.0.0.0/0',
      '2001:DB8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
      '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
      '::': '::',
      '::1': '::1',
      '1::': '1::',
      '0:0:1:0:0:0:1:0': '0:0:1::1:0',
      '::/0': '::/0',
      '::ffff:10.0.0.1': '::ffff:a00:1',
      '22': '22',
      '8080-8090': '8080-8090',
      '7-7': '7',
      ssh: '22',
      '02-00-5E-10-00-01': '02:00:5e:10:00:01',
      '0200.5e10.0001': '02:00:5e:10:00:01',
    };
    for (const [text, expected] of Object.entries(forms)) expect(printed(text), text).to.equal(expected);
  });

  it('reads back what it prints', () => {
    for (let round = 0; round < 200; round++) {
      const groups = Array.from({ length: 8 }, (_, i) =>
        ((round >> i) & 1 ? (round * 7919 * (i + 1)) & 0xffff : 0).toString(16),
      );
      const text = printed(groups.join(':'));
      expect(printed(text), groups.join(':')).to.equal(text);
      expect(new URL(`http://[${groups.join(':')}]`).hostname).to.equal(`[${text}]`);
    }
  });

  it('knows what is broken, and what only has bits behind its prefix', () => {
    for (const text of [
      '',
      '256',
      '-1',
      '65536',
      '9-8',
      '10.0.0',
      '10.0.0.1/33',
      '::/129',
      'nothing',
      'a b',
      '01.2.3.4',
    ]) {
      expect(printed(text), text).to.equal(text === '256' ? '256' : 'broken');
    }
    expect(parseElement('10.1.2.3/8', testNames)).to.deep.equal({ kind: 'host-bits', network: '10.0.0.0/8' });
    expect(parseElement('2001:db8::1/32', testNames)).to.deep.equal({ kind: 'host-bits', network: '2001:db8::/32' });
  });

  it('are entries of the tables of their own kind only', () => {
    const parsed = parseElement('8080-8082', testNames);
    if (parsed.kind !== 'element') throw new Error('a range is an element');
    expect([...entriesOfElement(parsed.element, 'port')].map(({ key }) => key)).to.deep.equal([[8080], [8081], [8082]]);
    const network = parseElement('10.0.0.0/8', testNames);
    if (network.kind !== 'element') throw new Error('a network is an element');
    expect([...entriesOfElement(network.element, 'ipv6')]).to.deep.equal([]);
    expect([...entriesOfElement(network.element, 'ipv4')]).to.deep.equal([
      { key: [0x0a000000], prefixLength: 8, value: 1 },
    ]);
  });

  it('answer lookups', () => {
    const { file } = readText(
      'sets:\n  a: [10.0.0.0/8, 192.0.2.1, 2001:db8::/33]\n  p: [22, 80-90]\n  m: ["02:00:00:00:00:01"]\nrules: []\n',
    );
    const tables = tablesOfSets(file.sets);
    const asked: readonly (readonly [string, 'ipv4' | 'ipv6' | 'port' | 'mac', readonly number[], number])[] = [
      ['a', 'ipv4', [0x0affffff], 1],
      ['a', 'ipv4', [0x0b000000], 0],
      ['a', 'ipv4', [0xc0000201], 1],
      ['a', 'ipv4', [0xc0000202], 0],
      ['a', 'ipv6', [0x20010db8, 0x7fffffff, 0, 1], 1],
      ['a', 'ipv6', [0x20010db8, 0x80000000, 0, 1], 0],
      ['p', 'port', [85], 1],
      ['p', 'port', [91], 0],
      ['m', 'mac', [0x02000000, 1], 1],
      ['m', 'mac', [0x02000000, 2], 0],
      ['nothing', 'port', [22], 0],
    ];
    for (const [name, space, key, value] of asked)
      expect(tables({ name, space }, key), `${name} ${key.join(' ')}`).to.equal(value);
  });
});

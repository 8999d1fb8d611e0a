import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { compile, type SetType } from '../../src/compiler/compile.ts';
import { namedNumbers, words } from '../../src/compiler/words.ts';
import { namesFrom } from '../../src/names/name-files.ts';

const page = readFileSync(new URL('../../../docs/language.md', import.meta.url), 'utf8');

const names = namesFrom((file) => {
  switch (file) {
    case 'hosts':
      return '127.0.0.1 localhost\n::1 localhost\n192.0.2.1 router\n';
    case 'services':
      return 'http 80/tcp\n';
    case 'protocols':
      return 'tcp 6\n';
    case 'ethers':
      return '00:11:22:33:44:55 router\n';
    case 'networks':
      return '';
  }
});

const sets = new Map<string, SetType>([
  ['office', 'address'],
  ['web', 'port'],
  ['cameras', 'mac'],
]);

function examples(): readonly string[] {
  return [...page.matchAll(/^```filter\n(.*?)^```$/gms)].flatMap((block) => (block[1] as string).trimEnd().split('\n'));
}

describe('docs/language.md', () => {
  for (const example of examples()) {
    it(`compiles: ${example}`, () => {
      const options = { linkType: 'EN10MB', names, sets, netmask: 0xffffff00, live: true } as const;
      expect(compile({ name: 'filter', text: example }, options).diagnostics).to.deep.equal([]);
    });
  }

  it('has every word of the language and every name for a number', () => {
    const mentioned = new Set(page.match(/[a-z0-9]+(-[a-z0-9]+)*/g));
    const otherSpellings = ['es-is', 'is-is', 'lsu', 'address1', 'address2', 'address3', 'address4', 'direction'];
    const wanted = [...words.keys(), ...namedNumbers.keys()].filter((word) => !otherSpellings.includes(word));
    const inHForm = (word: string): boolean => mentioned.has(word) || mentioned.has(word.replace(/^h/, ''));
    const inRange = (word: string): boolean => /^addr[1-4]$/.test(word);
    expect(wanted.filter((word) => !inHForm(word) && !inRange(word))).to.deep.equal([]);
  });

  it('has every code of a diagnostic', () => {
    const catalogue = new URL('../../../test/diagnostics/', import.meta.url);
    const codes = readdirSync(catalogue)
      .filter((file) => file.endsWith('.txt'))
      .map((file) => file.replace(/\.txt$/, ''));
    expect(codes.filter((code) => !page.includes(`\`${code}\``))).to.deep.equal([]);
  });
});

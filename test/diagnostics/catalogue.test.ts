import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { compile, type SetType } from '../../src/compiler/compile.ts';
import { DiagnosticError, type Diagnostic } from '../../src/compiler/diagnostic.ts';
import { render } from '../../src/compiler/render.ts';
import { linkTypeByName } from '../../src/ir/link-type.ts';
import { namesFrom } from '../../src/names/name-files.ts';

/**
 * The catalogue of diagnostics: one file for each code, `<code>.txt`, with filters and exactly what is printed for
 * them. Cases are divided by a line of `=`, filter and output by a line of `-`; `[RAW]` before a filter is its link
 * type (EN10MB otherwise), `\u{7}` a character. `PKTF_UPDATE=1` writes the present output into the files, to be looked at.
 */
const folder = new URL('../../../test/diagnostics/', import.meta.url);

const names = namesFrom((file) => {
  switch (file) {
    case 'hosts':
      return '10.0.0.1 router\nfe80::1 six\n';
    case 'services':
      return 'http 80/tcp\ntftp 69/udp\n';
    case 'protocols':
      return 'tcp 6\n';
    case 'ethers':
      return '00:11:22:aa:bb:cc router\n';
    case 'networks':
      return 'lab 10.1\n';
  }
});

const sets = new Map<string, SetType>([
  ['office', 'address'],
  ['web', 'port'],
  ['cameras', 'mac'],
]);

interface Case {
  readonly filter: string;
  readonly expected: string;
}

function casesOf(text: string): readonly Case[] {
  return text.split(/^=+\n/m).map((each) => {
    const [filter = '', expected = ''] = each.split(/^-+\n/m);
    return { filter: filter.replace(/\n$/, ''), expected: expected.replace(/\n$/, '') };
  });
}

function diagnosticsOf(written: string): readonly Diagnostic[] {
  const [, linkType = 'EN10MB', text = ''] = /^(?:\[(\w+)\])?(.*)$/s.exec(written) ?? [];
  const source = {
    name: 'filter',
    text: text.replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16))),
  };
  try {
    return compile(source, { linkType: linkTypeByName(linkType) ?? 'EN10MB', names, sets }).diagnostics;
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics;
    throw error;
  }
}

function codesInCatalogue(): readonly string[] {
  const catalogue = new URL('../../../src/compiler/catalogue/', import.meta.url);
  const source = readdirSync(catalogue)
    .map((file) => readFileSync(new URL(file, catalogue), 'utf8'))
    .join('\n');
  return [
    ...new Set([...source.matchAll(/\b(?:error|warning)\(\s*'([a-z0-9-]+)'/g)].map((found) => found[1] as string)),
  ];
}

describe('diagnostics', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));

  it('have a file for each code, and no file without a code', () => {
    expect(files.map((file) => file.replace(/\.txt$/, '')).sort()).to.deep.equal([...codesInCatalogue()].sort());
  });

  for (const file of files) {
    it(file, () => {
      const cases = casesOf(readFileSync(new URL(file, folder), 'utf8'));
      const actual = cases.map(({ filter }) => ({ filter, expected: diagnosticsOf(filter).map(render).join('\n') }));
      if (process.env['PKTF_UPDATE'] === '1') {
        const text = actual.map(({ filter, expected }) => `${filter}\n----\n${expected}\n`).join('====\n');
        writeFileSync(new URL(file, folder), text);
      }
      expect(actual).to.deep.equal(cases);
      const code = file.replace(/\.txt$/, '');
      for (const { filter } of cases) {
        expect(
          diagnosticsOf(filter).map((diagnostic) => diagnostic.code),
          filter,
        ).to.include(code);
      }
    });
  }
});

import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { compile } from '../../src/compiler/compile.ts';
import { DiagnosticError } from '../../src/compiler/diagnostic.ts';
import { render } from '../../src/compiler/render.ts';
import { words } from '../../src/compiler/words.ts';
import { linkTypes } from '../../src/ir/link-type.ts';
import { systemNames } from '../../src/names/system-names.ts';
import { seededRandom } from '../support/random.ts';

const names = systemNames();
const seed = Number(process.env['PKTF_SEED'] ?? 1);

function filters(): readonly string[] {
  return ['subset.json', 'language.json'].flatMap(
    (file) =>
      JSON.parse(readFileSync(new URL(`../../../test/filters/${file}`, import.meta.url), 'utf8')) as readonly string[],
  );
}

/** A filter with pieces taken out, doubled, swapped or replaced by words, symbols and odd characters. */
function mutate(text: string, random: () => number): string {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pieces = [
    ...words.keys(),
    '(',
    ')',
    '[',
    ']',
    ':',
    '/',
    '-',
    '0x',
    '99999999999',
    '::',
    '1.2.3.4',
    'a:b:c:d:e:f',
    '\\',
    '$a',
    '@x',
    '\u0000',
    '\u202e',
    '😀',
    '\ud800',
    '\n',
    '\t',
    '%',
    '!',
    '= =',
  ];
  let mutated = text;
  for (let i = 0; i <= below(2); i++) {
    const at = below(mutated.length + 1);
    const end = Math.min(mutated.length, at + below(6));
    const piece = random() < 0.5 ? (pieces[below(pieces.length)] as string) : mutated.slice(below(mutated.length), end);
    mutated = mutated.slice(0, at) + piece + mutated.slice(random() < 0.5 ? at : end);
  }
  return mutated;
}

describe('hostile text', function () {
  this.timeout(60_000);

  it(`compiles or gets diagnostics that can be printed (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const originals = filters();
    let rejected = 0;
    for (let i = 0; i < 20_000; i++) {
      const text = mutate(originals[i % originals.length] as string, random);
      const linkType = linkTypes[i % linkTypes.length]?.name ?? 'EN10MB';
      try {
        compile({ name: 'filter', text }, { linkType, names, live: random() < 0.5 });
      } catch (error) {
        if (!(error instanceof DiagnosticError))
          throw new Error(`${JSON.stringify(text)} on ${linkType}`, { cause: error });
        rejected++;
        for (const diagnostic of error.diagnostics) {
          const { start, end } = diagnostic.span;
          expect(start, text).to.be.within(0, text.length);
          expect(end, text).to.be.within(start, text.length);
          // oxlint-disable-next-line no-control-regex
          expect(render(diagnostic), text).not.to.match(/[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
          expect(diagnostic.message).not.to.include('\n');
        }
      }
    }
    expect(rejected).to.be.within(1000, 19_500);
  });

  it('takes time in proportion to its length', () => {
    const timeFor = (text: string): number => {
      const started = performance.now();
      try {
        compile({ name: 'filter', text }, { linkType: 'EN10MB', names });
      } catch (error) {
        if (!(error instanceof DiagnosticError)) throw error;
      }
      return performance.now() - started;
    };
    const repeated = [
      'tcp or ',
      'not port 80 and ',
      'host (10.0.0.1 or 10.0.0.2) or ',
      'ip[0] = 1 or ',
      '1 + ',
      '((tcp) or ',
      'vlan and ',
    ];
    for (const piece of repeated) {
      const small = timeFor(`${piece.repeat(1000)} udp`);
      const large = timeFor(`${piece.repeat(10_000)} udp`);
      expect(large, piece).to.be.below(Math.max(small, 20) * 60);
    }
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { evaluate } from '../../src/ir/evaluate.ts';
import { expandTables } from '../../src/ir/expand-tables.ts';
import { exit, graphOf, topologicalOrder } from '../../src/ir/graph.ts';
import { testing } from '../../src/ir/predicate.ts';
import { prefixByte, tablesOf, type TableElement } from '../../src/ir/table-contents.ts';
import type { KeySpace } from '../../src/ir/table.ts';
import { equal } from '../../src/ir/test.ts';
import { load, lookup, type Load } from '../../src/ir/value.ts';
import { drop, match, noMatch } from '../../src/ir/verdict.ts';

const keys: Readonly<Record<KeySpace, readonly Load[]>> = {
  ipv4: [load(0, 4)],
  ipv6: [load(0, 4), load(4, 4), load(8, 4), load(12, 4)],
  port: [load(0, 2)],
  mac: [load(0, 4), load(4, 2)],
};

/** Few different bytes, so that networks nest and touch. */
const byte = fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xfe, 0xff);

function network(size: 4 | 16): fc.Arbitrary<TableElement> {
  return fc
    .tuple(fc.array(byte, { minLength: size, maxLength: size }), fc.nat(size * 8))
    .map(([bytes, prefixLength]) => ({
      kind: 'network',
      address: Uint8Array.from(bytes, (each, index) => each & prefixByte(prefixLength, index)),
      prefixLength,
    }));
}

const elements: Readonly<Record<KeySpace, fc.Arbitrary<TableElement>>> = {
  ipv4: network(4),
  ipv6: network(16),
  port: fc.tuple(fc.nat(0xffff), fc.nat(300)).map(([first, more]) => {
    return { kind: 'ports', first, last: Math.min(0xffff, first + more) };
  }),
  mac: fc
    .array(byte, { minLength: 6, maxLength: 6 })
    .map((bytes) => ({ kind: 'mac', address: Uint8Array.from(bytes) })),
};

function entryFor(space: KeySpace) {
  const test = equal(lookup({ name: 'set', space }, ...keys[space]), 0);
  return graphOf(testing(test), exit(noMatch), exit(match), exit(drop));
}

describe('ir/expand-tables', () => {
  for (const space of Object.keys(keys) as KeySpace[]) {
    it(`${space}: a snapshot as tests answers as the table does`, () => {
      const entry = entryFor(space);
      const packet = fc.array(byte, { maxLength: 18 }).map((bytes) => Uint8Array.from(bytes));
      const sets = fc.array(elements[space], { maxLength: 12 });
      fc.assert(
        fc.property(sets, fc.array(packet, { minLength: 20 }), (set, packets) => {
          const contents = new Map([['set', set]]);
          const expanded = expandTables({ linkType: 'RAW', entry }, contents).entry;
          const members = set.flatMap((element) => (element.kind === 'ports' ? [] : [element.address]));
          for (const bytes of [...packets, ...members]) {
            const asked = { bytes, length: bytes.length };
            const expected = evaluate(entry, asked, tablesOf(contents)).verdict;
            expect(evaluate(expanded, asked).verdict).to.deep.equal(expected);
          }
        }),
        { numRuns: 200 },
      );
    });
  }

  it('grows with the elements and searches as deep as their logarithm', () => {
    const set = Array.from({ length: 10_000 }, (_, i): TableElement => {
      return { kind: 'network', address: Uint8Array.of(10, i >> 8, i, 1), prefixLength: 32 };
    });
    const { entry } = expandTables({ linkType: 'RAW', entry: entryFor('ipv4') }, new Map([['set', set]]));
    expect(topologicalOrder(entry).length).to.be.below(25_000);
  });
});

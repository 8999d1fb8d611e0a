import { expect } from 'chai';
import fc from 'fast-check';
import { checkGraph } from '../../src/ir/check.ts';
import { evaluate } from '../../src/ir/evaluate.ts';
import { exit, graphOf, topologicalOrder } from '../../src/ir/graph.ts';
import type { Packet } from '../../src/ir/packet.ts';
import { testing, type Predicate } from '../../src/ir/predicate.ts';
import { equal } from '../../src/ir/test.ts';
import { load } from '../../src/ir/value.ts';
import { drop, match, noMatch } from '../../src/ir/verdict.ts';
import { showTagInMetadata } from '../../src/ir/view.ts';
import { randomPredicate } from '../support/random-graph.ts';

/** How Linux shows a wire frame whose outer tag it moved to metadata. */
function stripTag(wire: Uint8Array): Packet {
  const bytes = Uint8Array.of(...wire.subarray(0, 12), ...wire.subarray(16));
  const word = (at: number): number => (wire[at] as number) * 256 + (wire[at + 1] as number);
  return {
    bytes,
    length: bytes.length,
    metadata: { 'vlan-present': 1, 'vlan-protocol': word(12), 'vlan-tci': word(14) },
  };
}

function taggedFrame(): fc.Arbitrary<Uint8Array> {
  const byte = fc.oneof(fc.nat(40), fc.nat(255));
  return fc
    .tuple(
      fc.array(byte, { minLength: 12, maxLength: 12 }),
      fc.constantFrom([0x81, 0x00], [0x88, 0xa8]),
      fc.array(byte, { minLength: 4, maxLength: 32 }),
    )
    .map(([addresses, type, rest]) => Uint8Array.of(...addresses, ...type, ...rest));
}

const graphFor = (predicate: Predicate) =>
  ({ linkType: 'EN10MB', entry: graphOf(predicate, exit(match), exit(noMatch), exit(drop)) }) as const;

describe('ir/view', () => {
  it('gives the verdict of the wire frame, the tag in place or in metadata', () => {
    const predicates = randomPredicate({ variables: 2, present: true, depth: 3 });
    fc.assert(
      fc.property(predicates, fc.array(taggedFrame(), { minLength: 10 }), (predicate, frames) => {
        const wire = graphFor(predicate);
        const shown = showTagInMetadata(wire);
        expect(checkGraph(shown)).to.deep.equal([]);
        for (const bytes of frames) {
          const expected = evaluate(wire.entry, { bytes, length: bytes.length }).verdict;
          expect(evaluate(shown.entry, stripTag(bytes)).verdict).to.deep.equal(expected);
          expect(evaluate(shown.entry, { bytes, length: bytes.length }).verdict).to.deep.equal(expected);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('asks for the tag only where the answer matters', () => {
    const addresses = graphFor(testing(equal(load(6, 4), 7)));
    expect(showTagInMetadata(addresses)).to.equal(addresses);
  });

  it('knows that a tag is no network protocol', () => {
    const ip = showTagInMetadata(graphFor(testing(equal(load(12, 2), 0x800))));
    expect(topologicalOrder(ip.entry).filter((node) => node.kind === 'test')).to.have.length(2);
  });

  it('does not grow with the nesting of computed offsets', () => {
    let offset = load(10, 1);
    for (let i = 0; i < 12; i++) offset = load(offset, 1);
    const shown = showTagInMetadata(graphFor(testing(equal(offset, 1))));
    expect(topologicalOrder(shown.entry).length).to.be.below(250);
  });
});

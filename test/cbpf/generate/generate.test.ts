import { expect } from 'chai';
import fc from 'fast-check';
import { mostInstructions } from '../../../src/cbpf/check.ts';
import { generate, InexpressibleError, type GenerateOptions, type Reason } from '../../../src/cbpf/generate.ts';
import { returnConstant } from '../../../src/cbpf/instruction.ts';
import { count, exit, type Graph, type Node } from '../../../src/ir/graph.ts';
import { wholePacket, type Packet } from '../../../src/ir/packet.ts';
import { always, and, assigning, not, or, testing, type Predicate } from '../../../src/ir/predicate.ts';
import type { Span } from '../../../src/ir/span.ts';
import { equal, present, type Test } from '../../../src/ir/test.ts';
import { add, binary, load, metadata, packetLength, variable, type Value } from '../../../src/ir/value.ts';
import { drop, match, noMatch } from '../../../src/ir/verdict.ts';
import { filterGraph, longestRandomPacket, randomPredicate } from '../../support/random-graph.ts';
import { matches, programOf } from './verdict.ts';

const capture = { target: 'capture' } as const;
const socket = { target: 'socket' } as const;

function refusal(graph: Graph, options: GenerateOptions = capture): InexpressibleError {
  try {
    generate(graph, options);
  } catch (error) {
    if (error instanceof InexpressibleError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('classic programs of graphs', () => {
  it('a filter that takes everything is one ret', () => {
    expect(generate(filterGraph(always(true)), capture)).to.deep.equal({
      linkType: 'EN10MB',
      instructions: [returnConstant(262144)],
    });
  });

  it('a filter that takes nothing is one ret', () => {
    expect(generate(filterGraph(always(false)), capture).instructions).to.deep.equal([returnConstant(0)]);
  });

  it('a match returns the accept length that is asked for', () => {
    expect(generate(filterGraph(always(true)), { ...capture, acceptLength: 96 }).instructions).to.deep.equal([
      returnConstant(96),
    ]);
  });

  it('only the returns that are reached are there', () => {
    const always = filterGraph(assigning(0, packetLength));
    expect(generate(always, capture).instructions).to.deep.equal([returnConstant(262144)]);
  });

  it('the same graph gives the same program', () => {
    fc.assert(
      fc.property(randomPredicate({ variables: 3, metadata: true }), (predicate) => {
        const first = generate(filterGraph(predicate), socket);
        expect(generate(structuredClone(filterGraph(predicate)), socket)).to.deep.equal(first);
      }),
      { numRuns: 200 },
    );
  });

  it('instructions remember the words that they serve', () => {
    const source = { name: 'filter', text: 'first second' };
    const words = (start: number, end: number): Span => ({ source, start, end });
    const predicate = and(
      testing(equal(load(0, 1), 1), words(0, 5)),
      testing(equal(load(add(load(1, 4), 1), 1), 1), words(6, 12)),
    );
    const spans = generate(filterGraph(predicate), socket).instructions.map(({ span }) => span?.start);
    expect(spans).to.deep.equal([0, 0, 6, 6, 6, 6, 6, 6, undefined, undefined]);
  });

  describe('are long', () => {
    /** Any of many values of the first word. */
    function anyOf(numbers: readonly number[], value: Value = load(0, 4)): Predicate {
      return or(...numbers.map((number) => testing(equal(value, number))));
    }

    function packetWith(number: number): Packet {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setUint32(0, number);
      return wholePacket(bytes);
    }

    const many = Array.from({ length: 3900 }, (_, index) => index * 2);

    it('where each test jumps to the far end', () => {
      const graph = filterGraph(anyOf(many));
      const { instructions } = generate(graph, capture);
      // One copy of `ret` serves about 255 tests.
      expect(instructions.length).to.be.within(3903, 3903 + 17);
      const program = programOf(graph, capture);
      for (const number of [0, 1, 2, 500, 501, 510, 512, 4000, 7797, 7798, 7799, 7800]) {
        expect(program(packetWith(number)), String(number)).to.equal(number % 2 === 0 && number < 7800);
      }
    });

    it('where both answers are far', () => {
      const both = and(or(anyOf(many.slice(0, 600)), testing(equal(load(4, 4), 1))), anyOf(many.slice(300, 900)));
      const graph = filterGraph(both);
      const program = programOf(graph, capture);
      for (let number = 0; number < 1900; number += 7) {
        expect(program(packetWith(number))).to.equal(matches(graph, packetWith(number)));
      }
    });

    it('where M[] is in use: a ret in the middle, reached from before a store, would forbid what is behind it', () => {
      const graph = filterGraph(
        and(
          not(anyOf(many.slice(0, 200))),
          assigning(0, load(4, 4)),
          not(anyOf(many.slice(200, 600))),
          testing(equal(add(variable(0), load(0, 4)), 1201)),
        ),
      );
      const program = programOf(graph, capture);
      for (const number of [0, 3, 398, 401, 1198, 1200, 1201]) {
        expect(program(packetWith(number)), String(number)).to.equal(matches(graph, packetWith(number)));
      }
    });

    it('up to what the kernel takes, and then say by how much', () => {
      const longest = mostInstructions - 3 - 15;
      const numbers = Array.from({ length: 4096 }, (_, index) => index);
      const { instructions } = generate(filterGraph(anyOf(numbers.slice(0, longest))), capture);
      expect(instructions.length).to.equal(mostInstructions);
      const error = refusal(filterGraph(anyOf(numbers.slice(0, longest + 1))));
      expect(error.reason).to.deep.equal({ kind: 'too-long', count: 4097 });
      expect(error.message).to.equal('the filter needs 4097 instructions; a classic program has at most 4096');
    });

    it('however deep the graph is', () => {
      const numbers = Array.from({ length: 20_000 }, (_, index) => index);
      expect(refusal(filterGraph(anyOf(numbers))).reason.kind).to.equal('too-long');
    });
  });

  describe('are refused', () => {
    const accept = exit(match);
    const reject = exit(noMatch);
    const asked: Test = equal(load(0, 1), 1);
    const span: Span = { source: { name: 'filter', text: 'words' }, start: 0, end: 5 };

    function testNode(test: Test, whenFailing: Node): Graph {
      return {
        linkType: 'EN10MB',
        entry: { kind: 'test', test, whenTrue: accept, whenFalse: reject, whenFailing, span },
      };
    }

    const refused: readonly (readonly [name: string, graph: Graph, reason: Reason, message: string])[] = [
      [
        'metadata in a capture',
        testNode(equal(metadata('vlan-present'), 1), reject),
        { kind: 'metadata', field: 'vlan-present' },
        'vlan-present is known on a live socket only, not in a captured packet',
      ],
      [
        'a failure that goes on',
        testNode(asked, accept),
        { kind: 'failure' },
        'a classic program ends at a load outside the packet; it cannot go on with another rule',
      ],
      [
        'a question for presence',
        testNode(present(14, 20), reject),
        { kind: 'presence' },
        'a classic program cannot ask whether bytes are present without ending where they are not',
      ],
      [
        'a verdict of a policy',
        { linkType: 'EN10MB', entry: exit(drop, span) },
        { kind: 'verdict', verdict: drop },
        'a classic program says match or no match, not drop',
      ],
      [
        'a counter',
        { linkType: 'EN10MB', entry: count(0, accept, span) },
        { kind: 'counter' },
        'a classic program cannot count',
      ],
    ];

    for (const [name, graph, reason, message] of refused) {
      it(name, () => {
        const error = refusal(graph);
        expect(error.reason).to.deep.equal(reason);
        expect(error.message).to.equal(message);
        expect(error.span).to.equal(span);
      });
    }

    it('but not for a failure that cannot happen', () => {
      const { instructions } = generate(testNode(equal(packetLength, 1), accept), capture);
      expect(instructions).to.have.length(4);
    });

    it('seventeen variables at once', () => {
      const indices = Array.from({ length: 17 }, (_, index) => index);
      const sum = (list: readonly number[]) =>
        list.map((index): Value => variable(index)).reduce((a, b) => binary('add', a, b));
      const using = (list: readonly number[]) =>
        filterGraph(and(...list.map((index) => assigning(index, load(index, 1))), testing(equal(sum(list), 7))));
      const error = refusal(using(indices));
      expect(error.reason).to.deep.equal({ kind: 'scratch' });
      expect(error.message).to.equal('the filter needs more than the 16 scratch cells of a classic program');
      expect(programOf(using(indices.slice(0, 16)), capture)(wholePacket(new Uint8Array(16)))).to.equal(false);
    });

    it('but not for variables that follow each other', () => {
      const each = (index: number) =>
        and(
          assigning(index, load(index, 1)),
          testing(equal(add(load(40, 1), 1), 1)),
          testing(equal(variable(index), 0)),
        );
      const graph = filterGraph(and(...Array.from({ length: 40 }, (_, index) => each(index))));
      expect(programOf(graph, capture)(wholePacket(new Uint8Array(longestRandomPacket)))).to.equal(true);
    });
  });
});

import { expect } from 'chai';
import { disassemble } from '../../../src/cbpf/assembler/disassemble.ts';
import { generate, type Target } from '../../../src/cbpf/generate.ts';
import { interpreter } from '../../../src/cbpf/interpret.ts';
import { exit, type Graph, type Node } from '../../../src/ir/graph.ts';
import { and, assigning, not, or, testing, type Predicate } from '../../../src/ir/predicate.ts';
import { anyBit, compare, equal, type Test } from '../../../src/ir/test.ts';
import {
  add,
  binary,
  bitAnd,
  constant,
  ipv4HeaderLength,
  load,
  metadata,
  packetLength,
  variable,
  type Value,
} from '../../../src/ir/value.ts';
import { match, noMatch } from '../../../src/ir/verdict.ts';
import { filterGraph } from '../../support/random-graph.ts';

interface Shape {
  readonly name: string;
  readonly predicate: Predicate;
  readonly target?: Target;
  /** The program up to its returns. */
  readonly lines: readonly string[];
}

const etherType = load(12, 2);
const headerLength = ipv4HeaderLength(14);
const word = load(30, 4);
const byte = load(30, 1);

const shapes: readonly Shape[] = [
  {
    name: 'a field is loaded once for all tests of it',
    predicate: or(testing(equal(etherType, 0x800)), testing(equal(etherType, 0x86dd))),
    lines: ['ldh [12]', 'jeq #0x800, match', 'jne #0x86dd, no'],
  },
  {
    name: 'a field is loaded again where one of two ways brought another',
    predicate: and(or(testing(equal(etherType, 1)), testing(equal(byte, 2))), testing(equal(etherType, 3))),
    lines: ['ldh [12]', 'jeq #0x1, L4', 'ldb [30]', 'jne #0x2, no', 'L4: ldh [12]', 'jne #0x3, no'],
  },
  {
    name: 'likewise where the last way brought it',
    predicate: and(or(testing(equal(byte, 2)), testing(equal(etherType, 1))), testing(equal(etherType, 3))),
    lines: ['ldb [30]', 'jeq #0x2, L4', 'ldh [12]', 'jne #0x1, no', 'L4: ldh [12]', 'jne #0x3, no'],
  },
  {
    name: 'the length of an IPv4 header has its own instruction and stays in X',
    predicate: or(
      testing(equal(load(add(headerLength, 14), 2), 22)),
      testing(equal(load(add(headerLength, 16), 2), 22)),
    ),
    lines: ['ldxb 4*([14]&0xf)', 'ldh [x + 14]', 'jeq #0x16, match', 'ldh [x + 16]', 'jne #0x16, no'],
  },
  {
    name: 'constants of an offset become one',
    predicate: testing(equal(load(add(add(headerLength, 14), -4), 2), 22)),
    lines: ['ldxb 4*([14]&0xf)', 'ldh [x + 10]', 'jne #0x16, no'],
  },
  {
    name: 'masked bits that are all 0 are jset',
    predicate: testing(equal(bitAnd(load(20, 2), 0x1fff), 0)),
    lines: ['ldh [20]', 'jset #0x1fff, no'],
  },
  {
    name: 'bits are tested without masking',
    predicate: and(testing(anyBit(load(47, 1), 2)), testing(equal(load(47, 1), 18))),
    lines: ['ldb [47]', 'jset #0x2, L2, no', 'L2: jne #0x12, no'],
  },
  {
    name: 'a constant on the left swaps sides',
    predicate: and(
      testing(compare('greater', constant(5), byte)),
      testing(compare('greater-or-equal', constant(5), byte)),
      testing(equal(constant(5), byte)),
    ),
    lines: ['ldb [30]', 'jge #0x5, no', 'jgt #0x5, no', 'jne #0x5, no'],
  },
  {
    name: 'a length needs no A',
    predicate: testing(compare('greater', load(16, 2), packetLength)),
    lines: ['ldh [16]', 'ldx #len', 'jle x, no'],
  },
  {
    name: 'the operand that needs X goes to A',
    predicate: testing(equal(byte, load(add(headerLength, 14), 1))),
    lines: ['ldxb 4*([14]&0xf)', 'ldb [x + 14]', 'tax', 'ldb [30]', 'jne x, no'],
  },
  {
    name: 'two operands that need X meet over M[]',
    predicate: testing(compare('greater', load(add(headerLength, 14), 1), load(add(ipv4HeaderLength(40), 40), 1))),
    lines: [
      'ldxb 4*([40]&0xf)',
      'ldb [x + 40]',
      'st M[0]',
      'ldxb 4*([14]&0xf)',
      'ldb [x + 14]',
      'ldx M[0]',
      'jle x, no',
    ],
  },
  {
    name: 'the operand that needs more of M[] goes first',
    predicate: testing(
      compare(
        'greater',
        binary('xor', load(add(headerLength, 14), 1), load(add(ipv4HeaderLength(40), 40), 1)),
        load(add(headerLength, 16), 1),
      ),
    ),
    lines: [
      'ldxb 4*([40]&0xf)',
      'ldb [x + 40]',
      'st M[1]',
      'ldxb 4*([14]&0xf)',
      'ldb [x + 14]',
      'ldx M[1]',
      'xor x',
      'st M[0]',
      'ldxb 4*([14]&0xf)',
      'ldb [x + 16]',
      'ldx M[0]',
      'jge x, no',
    ],
  },
  {
    name: 'a variable that changes is loaded again',
    predicate: and(
      assigning(0, headerLength),
      testing(equal(load(add(variable(0), 14), 2), 22)),
      assigning(0, byte),
      testing(equal(load(add(variable(0), 14), 2), 23)),
    ),
    lines: ['ldxb 4*([14]&0xf)', 'ldh [x + 14]', 'jne #0x16, no', 'ldb [30]', 'tax', 'ldh [x + 14]', 'jne #0x17, no'],
  },
  {
    name: 'a variable that never leaves its register takes no cell',
    predicate: and(assigning(0, headerLength), testing(equal(load(add(variable(0), 14), 2), 22))),
    lines: ['ldxb 4*([14]&0xf)', 'ldh [x + 14]', 'jne #0x16, no'],
  },
  {
    name: 'a variable outlives others in M[]',
    predicate: and(
      assigning(0, load(20, 2)),
      testing(equal(byte, 1)),
      testing(equal(binary('add', variable(0), load(40, 1)), 7)),
    ),
    lines: ['ldh [20]', 'st M[0]', 'ldb [30]', 'jne #0x1, no', 'ldb [40]', 'ldx M[0]', 'add x', 'jne #0x7, no'],
  },
  {
    name: 'a value that only may fail is evaluated and forgotten',
    predicate: and(assigning(0, byte), testing(equal(etherType, 1))),
    lines: ['ldb [30]', 'ldh [12]', 'jne #0x1, no'],
  },
  {
    name: 'an index that may wrap is added up before',
    predicate: testing(equal(load(add(word, 14), 1), 1)),
    lines: ['ld [30]', 'add #0xe', 'tax', 'ldb [x + 0]', 'jne #0x1, no'],
  },
  {
    name: 'the kernel gets no index that is negative to it',
    predicate: testing(equal(load(add(word, 14), 1), 1)),
    target: 'socket',
    lines: ['ld [30]', 'add #0xe', 'jge #0x80000000, no', 'tax', 'ldb [x + 0]', 'jne #0x1, no'],
  },
  {
    name: 'a small index needs no guard in the kernel',
    predicate: testing(equal(load(add(load(30, 2), 14), 1), 1)),
    target: 'socket',
    lines: ['ldh [30]', 'tax', 'ldb [x + 14]', 'jne #0x1, no'],
  },
  {
    name: 'a shift by X is libpcap’s business in a capture',
    predicate: testing(equal(binary('shift-left', word, byte), 1)),
    lines: ['ldb [30]', 'tax', 'ld [30]', 'lsh x', 'jne #0x1, no'],
  },
  {
    name: 'a shift by X is guarded in the kernel',
    predicate: testing(equal(binary('shift-left', word, byte), 1)),
    target: 'socket',
    lines: [
      'ld [30]',
      'st M[0]',
      'ldb [30]',
      'jgt #0x1f, L8',
      'tax',
      'ld M[0]',
      'lsh x',
      'ja L9',
      'L8: ld #0x0',
      'L9: jne #0x1, no',
    ],
  },
  {
    name: 'a shift by less than 32 needs no guard',
    predicate: testing(equal(binary('shift-right', word, bitAnd(byte, 31)), 1)),
    target: 'socket',
    lines: ['ldb [30]', 'and #0x1f', 'tax', 'ld [30]', 'rsh x', 'jne #0x1, no'],
  },
  {
    name: 'a shift by a constant of 32 and more leaves 0',
    predicate: testing(equal(binary('shift-left', word, constant(32)), 0)),
    lines: ['ld [30]', 'and #0x0', 'jne #0x0, no'],
  },
  {
    name: 'metadata are loads of extensions',
    predicate: and(
      testing(equal(metadata('vlan-present'), 1)),
      testing(equal(metadata('vlan-tci'), 2)),
      testing(equal(metadata('vlan-protocol'), 3)),
      testing(equal(metadata('interface-index'), 4)),
      testing(equal(metadata('mark'), 5)),
    ),
    target: 'socket',
    lines: [
      'ld #vlan_avail',
      'jne #0x1, no',
      'ld #vlan_tci',
      'jne #0x2, no',
      'ld #vlan_tpid',
      'jne #0x3, no',
      'ld #ifidx',
      'jne #0x4, no',
      'ld #mark',
      'jne #0x5, no',
    ],
  },
  {
    name: 'outgoing is a packet type',
    predicate: testing(equal(metadata('direction-outgoing'), 1)),
    target: 'socket',
    lines: ['ld #type', 'jne #0x4, no'],
  },
  {
    name: 'incoming is any other packet type',
    predicate: testing(equal(metadata('direction-outgoing'), 0)),
    target: 'socket',
    lines: ['ld #type', 'jeq #0x4, no'],
  },
  {
    name: 'a load far outside is a failure, not an extension',
    predicate: not(testing(equal(load(0xfffff004, 1), 1))),
    target: 'socket',
    lines: [],
  },
  {
    name: 'a division by 0 is a failure',
    predicate: not(testing(equal(binary('divide', byte, constant(0)), 1))),
    lines: [],
  },
];

/** The program with its exits named, and labels in front of what they stand before. */
function linesOf(graph: Graph, target: Target): readonly string[] {
  const { instructions } = generate(graph, { target });
  const lines = disassemble(instructions)
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().replace(/: +/, ': '));
  const returns = lines.filter((line) => /ret #/.test(line)).map((line) => line.split(': '));
  return lines
    .filter((line) => !/ret #/.test(line))
    .map((line) =>
      returns.reduce((text, [label, exit]) => {
        return text.replaceAll(new RegExp(`\\b${label}\\b`, 'g'), exit === 'ret #0' ? 'no' : 'match');
      }, line),
    );
}

describe('instructions of values and tests', () => {
  for (const { name, predicate, target = 'capture', lines } of shapes) {
    it(name, () => {
      expect(linesOf(filterGraph(predicate), target)).to.deep.equal(lines);
    });
  }

  it('the same questions about different fields are the same code', () => {
    const accept = exit(match);
    const reject = exit(noMatch);
    const ask = (test: Test, whenTrue: Node, whenFalse: Node): Node => {
      return { kind: 'test', test, whenTrue, whenFalse, whenFailing: reject };
    };
    const anyOf = (field: Value) => ask(equal(field, 7), accept, ask(equal(field, 8), accept, reject));
    const entry = ask(equal(etherType, 1), anyOf(load(26, 4)), ask(equal(etherType, 2), anyOf(load(28, 4)), reject));
    expect(linesOf({ linkType: 'EN10MB', entry }, 'capture')).to.deep.equal([
      'ldh [12]',
      'jne #0x1, L4',
      'ld [26]',
      'jeq #0x7, match, L7',
      'L4: jne #0x2, no',
      'ld [28]',
      'jeq #0x7, match',
      'L7: jne #0x8, no',
    ]);
  });

  it('the direction is a number where it is not asked for at once', () => {
    const predicate = testing(equal(add(metadata('direction-outgoing'), byte), 7));
    const program = interpreter(generate(filterGraph(predicate), { target: 'socket' }).instructions);
    const packet = (last: number) => Uint8Array.from({ length: 31 }, (_, at) => (at === 30 ? last : 0));
    const verdict = (last: number, outgoing: number) =>
      program(packet(last), 0, 31, 31, { 'direction-outgoing': outgoing }) > 0;
    expect(verdict(6, 1)).to.equal(true);
    expect(verdict(7, 1)).to.equal(false);
    expect(verdict(7, 0)).to.equal(true);
    expect(verdict(6, 0)).to.equal(false);
  });
});

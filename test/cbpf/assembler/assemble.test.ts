import { expect } from 'chai';
import fc from 'fast-check';
import { assemble } from '../../../src/cbpf/assembler/assemble.ts';
import { AssemblyError } from '../../../src/cbpf/assembler/diagnostic.ts';
import { disassemble } from '../../../src/cbpf/assembler/disassemble.ts';
import type { Instruction } from '../../../src/cbpf/instruction.ts';
import { listProgram } from '../../../src/cbpf/listing.ts';
import { decode, encode } from '../../../src/cbpf/raw.ts';
import { positionOf, textOf, type Source } from '../../../src/ir/span.ts';
import { randomInstruction, randomRawInstruction } from '../../support/random-instruction.ts';

function sourceOf(text: string): Source {
  return { name: 'test', text };
}

/** The listing of one statement, without its number. */
function listed(statement: string): string {
  return listProgram(assemble(sourceOf(statement)))
    .replace(/^\(000\) /, '')
    .replace(/ +/g, ' ')
    .trim();
}

/** What is wrong with a text: where, and in what words. */
function complaints(text: string): readonly string[] {
  try {
    assemble(sourceOf(text));
  } catch (error) {
    if (!(error instanceof AssemblyError)) throw error;
    return error.diagnostics.map(({ message, span }) => {
      const { line, column } = positionOf(span.source, span.start);
      return `${line}:${column} '${textOf(span)}' ${message}`;
    });
  }
  throw new Error('nothing was wrong');
}

const statements: readonly (readonly [text: string, listing: string])[] = [
  ['ld [26]', 'ld [26]'],
  ['ldh [0xc]', 'ldh [12]'],
  ['ldb [ 0b10111 ]', 'ldb [23]'],
  ['ldb [027]', 'ldb [23]'],
  ['ldh [x + 14]', 'ldh [x + 14]'],
  ['ldh [%x+14]', 'ldh [x + 14]'],
  ['ldb [x - 2]', 'ldb [x + -2]'],
  ['ldb [x + -2]', 'ldb [x + -2]'],
  ['ldxb 4*([14]&0xf)', 'ldxb 4*([14]&0xf)'],
  ['ldxb 4 * ( [ 14 ] & 15 )', 'ldxb 4*([14]&0xf)'],
  ['ldx 4*([14]&0xf)', 'ldxb 4*([14]&0xf)'],
  ['ld #5', 'ld #0x5'],
  ['ldi #-1', 'ld #0xffffffff'],
  ['ldx #5', 'ldx #0x5'],
  ['ldxi #5', 'ldx #0x5'],
  ['ld len', 'ld #pktlen'],
  ['ld #len', 'ld #pktlen'],
  ['ldx #pktlen', 'ldx #pktlen'],
  ['ld M[3]', 'ld M[3]'],
  ['ldx M[15]', 'ldx M[15]'],
  ['st M[0]', 'st M[0]'],
  ['stx M[1]', 'stx M[1]'],
  ['ld #proto', 'ld [proto]'],
  ['ldh proto', 'ldh [proto]'],
  ['ldb #type', 'ldb [type]'],
  ['ld ifidx', 'ld [ifidx]'],
  ['ld #vlan_avail', 'ld [vlanp]'],
  ['ld vlan_pr', 'ld [vlanp]'],
  ['ld #vlan_tci', 'ld [vlan_tci]'],
  ['ld #vlan_tpid', 'ld [vlan_tpid]'],
  ['ld #rand', 'ld [random]'],
  ['ld poff', 'ld [poff]'],
  ['add #1', 'add #1'],
  ['sub x', 'sub x'],
  ['mul %x', 'mul x'],
  ['div #2', 'div #2'],
  ['mod x', 'mod x'],
  ['and #0xff', 'and #0xff'],
  ['or #1', 'or #0x1'],
  ['xor x', 'xor x'],
  ['lsh #3', 'lsh #3'],
  ['rsh x', 'rsh x'],
  ['neg', 'neg'],
  ['tax', 'tax'],
  ['txa', 'txa'],
  ['ret #-1', 'ret #-1'],
  ['ret #ETHERTYPE_IP', 'ret #2048'],
  ['ret a', 'ret'],
  ['ret %a', 'ret'],
  ['raw 0x28, 0, 0, 12', 'ldh [12]'],
  ['ja l\nl: ret #0', 'ja 1 (001) ret #0'],
  ['jmp l\nl: ret #0', 'ja 1 (001) ret #0'],
  ['jeq #0x800, l, m\nl: ret #1\nm: ret #0', 'jeq #0x800 jt 1 jf 2 (001) ret #1 (002) ret #0'],
  ['jeq x, m\nret #1\nm: ret #0', 'jeq x jt 2 jf 1 (001) ret #1 (002) ret #0'],
  ['jne #6, m\nret #1\nm: ret #0', 'jeq #0x6 jt 1 jf 2 (001) ret #1 (002) ret #0'],
  ['jneq x, m\nret #1\nm: ret #0', 'jeq x jt 1 jf 2 (001) ret #1 (002) ret #0'],
  ['jlt #6, m\nret #1\nm: ret #0', 'jge #0x6 jt 1 jf 2 (001) ret #1 (002) ret #0'],
  ['jle #6, m\nret #1\nm: ret #0', 'jgt #0x6 jt 1 jf 2 (001) ret #1 (002) ret #0'],
  ['jset #1, l, m\nl: ret #1\nm: ret #0', 'jset #0x1 jt 1 jf 2 (001) ret #1 (002) ret #0'],
];

const mistakes: readonly (readonly [text: string, ...complaints: readonly string[]])[] = [
  ['foo #1', "1:1 'foo' unknown instruction foo"],
  ['ldh', "1:4 '' expected an operand, found the end of the line"],
  ['ldh [12', "1:8 '' expected ], found the end of the line"],
  ['ldh #12', "1:5 '#12' this instruction takes no such operand"],
  ['st #1', "1:4 '#1' this instruction takes no such operand"],
  ['ret x', "1:5 'x' this instruction takes no such operand"],
  ['ld #ETHERTYPE_FOO', "1:5 'ETHERTYPE_FOO' unknown name ETHERTYPE_FOO"],
  ['ld #12x', "1:5 '12x' expected a number, found 12x"],
  ['ld #089', "1:5 '089' expected a number, found 089"],
  ['ld #4294967296', "1:5 '4294967296' 4294967296 does not fit 32 bits"],
  ['ld #-2147483649', "1:6 '2147483649' 2147483649 does not fit 32 bits"],
  ['ldxb 4*([14]&7)', "1:14 '7' the mask of ldxb is always 0xf"],
  ['tax #1', "1:5 '#' expected the end of the line, found #"],
  ['jeq #1', "1:7 '' expected ,, found the end of the line"],
  ['jeq M[1], l', "1:5 'M[1]' a jump compares with a number or x"],
  ['ja 3', "1:4 '3' expected a label, found 3"],
  ['ja nowhere\nret #0', "1:4 'nowhere' there is no label nowhere"],
  ['l: ret #0\nja l', "2:4 'l' l stands before the jump: programs only go forward"],
  ['l: ret #0\nl: ret #1', "2:1 'l' label l stands twice"],
  ['ret #0 @', "1:8 '@' unexpected character @"],
  ['ret #0 🦆', "1:8 '🦆' unexpected character 🦆"],
  ['ret #0 /* no end', "1:8 '/' this comment has no end"],
  ['raw 0x10000, 0, 0, 0', "1:5 '0x10000' 65536 does not fit this field: 0 to 65535"],
  [
    'foo\n\nldh [1\nja x',
    "1:1 'foo' unknown instruction foo",
    "3:7 '' expected ], found the end of the line",
    "4:4 'x' there is no label x",
  ],
];

describe('assembler text of classic programs', () => {
  describe('becomes instructions', () => {
    for (const [text, listing] of statements) {
      it(text.replaceAll('\n', ' ⏎ '), () => {
        expect(listed(text).replaceAll(/\s+/g, ' ')).to.equal(listing);
      });
    }

    it('whatever blanks and comments stand around them', () => {
      const text =
        '; a filter\n\n  start:  ldh [12] ; EtherType\n/* two\n lines */ jeq #ETHERTYPE_ARP, keep, drop\r\nkeep: also: ret #-1\ndrop: ret #0';
      expect(listProgram(assemble(sourceOf(text)))).to.equal(
        '(000) ldh      [12]\n(001) jeq      #0x806           jt 2\tjf 3\n(002) ret      #-1\n(003) ret      #0\n',
      );
    });

    it('with names of the caller before well-known ones', () => {
      const [instruction] = assemble(sourceOf('ld #ETH_P_IP'), new Map([['ETH_P_IP', 7]]));
      expect(instruction).to.include({ kind: 'load-immediate', value: 7 });
    });

    it('that remember their words', () => {
      const source = sourceOf('start: ldh [ 12 ] ; comment\nret #0');
      const [first, second] = assemble(source).map(({ span }) => span);
      expect(first).to.deep.equal({ source, start: 7, end: 17 });
      expect(second).to.deep.equal({ source, start: 28, end: 34 });
    });
  });

  describe('is refused with the words at fault', () => {
    for (const [text, ...expected] of mistakes) {
      it(text.replaceAll('\n', ' ⏎ '), () => {
        expect(complaints(text)).to.deep.equal(expected);
      });
    }

    it('where a conditional jump is too long, but not where it just fits', () => {
      const filling = (count: number) => 'tax\n'.repeat(count);
      const jumpOver = (count: number) => `jeq #1, far\n${filling(count)}far: ret #0`;
      expect(assemble(sourceOf(jumpOver(255)))).to.have.length(257);
      expect(complaints(jumpOver(256))).to.deep.equal([
        "1:9 'far' far is 256 instructions away; a conditional jump skips at most 255",
      ]);
      expect(assemble(sourceOf(`ja far\n${filling(4000)}far: ret #0`))).to.have.length(4002);
    });

    it('and never with anything but an AssemblyError, whatever it is', () => {
      const piece = fc.constantFrom(
        'ld',
        'jeq',
        '#',
        '[',
        ']',
        'x',
        '+',
        '4*(',
        '&0xf',
        ')',
        'M[',
        ',',
        'l',
        ':',
        '\n',
        ' ',
        ';',
        '/*',
        '-',
        '99',
        '\0',
        'é',
      );
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
          try {
            assemble(sourceOf(pieces.join('')));
          } catch (error) {
            expect(error).to.be.instanceOf(AssemblyError);
          }
        }),
        { numRuns: 3000 },
      );
    });
  });

  describe('comes out of instructions', () => {
    it('with labels where they are needed', () => {
      const text = [
        '        ldh [12]\n',
        '        jeq #0x86dd, L5\n',
        '        jne #0x800, L5\n',
        '        ldxb 4*([14]&0xf)\n',
        '        jset #0x1fff, L5, L6\n',
        'L5:     ret #0\n',
        'L6:     ret #262144\n',
      ].join('');
      expect(disassemble(assemble(sourceOf(text)))).to.equal(text);
    });

    const instructions = fc.array(fc.oneof(randomInstruction(), randomRawInstruction().map(decode)), {
      maxLength: 300,
    });

    it('that are the same again when it is assembled', () => {
      fc.assert(
        fc.property(instructions, (program) => {
          const again = assemble(sourceOf(disassemble(program)));
          expect(again.map(encode)).to.deep.equal(program.map(encode));
          expect(again.map(withoutSpan)).to.deep.equal(program);
        }),
        { numRuns: 500 },
      );
    });
  });
});

function withoutSpan(instruction: Instruction): Instruction {
  const { span: _, ...rest } = instruction;
  return rest;
}

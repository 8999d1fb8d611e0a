import { expect } from 'chai';
import fc from 'fast-check';
import { jumpIf, loadExtension, returnConstant, tax, unknown } from '../../src/cbpf/instruction.ts';
import { listAsC, listAsNumbers, listInstruction, listProgram, readNumbers } from '../../src/cbpf/listing.ts';
import { randomInstruction } from '../support/random-instruction.ts';
import { requireOrSkip } from '../support/require.ts';
import { hasTcpdump, tcpdump } from '../support/tcpdump.ts';

/** Together they have every instruction that libpcap generates. */
const filters = [
  '',
  'tcp port 22',
  'ip6 and not udp portrange 1000-2000',
  'host 10.1.2.3 or net 192.168.0.0/16 or ether host 01:02:03:04:05:06',
  'tcp[tcpflags] & (tcp-syn|tcp-fin) != 0',
  'tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420',
  'ip[ip[2:2] - 4:4] * 3 + 7 > len / 2',
  'ip[0] % 7 ^ ip[1] | ip[2] & 0xf << ip[3] >> 1 = ether[5] - 1',
  'ip[-3] > ether[4000000000]',
  'len >= 4000000000 or greater 100',
  'vlan 7 and ip or pppoes 9 and tcp',
  'ether[0:4] = 0xffffffff and ip[9] != 0xff and -ip[4:4] < ip[8:4]',
  'ip6 protochain 6',
  'geneve 0x2a and udp or icmp[icmptype] == icmp-echo',
];

describe('listings of classic programs', () => {
  describe('as tcpdump prints them', () => {
    before(function () {
      requireOrSkip(this, 'oracle', hasTcpdump(), 'tcpdump is not installed');
    });

    for (const filter of filters) {
      for (const optimized of [true, false]) {
        it(`${filter === '' ? 'nothing' : filter}${optimized ? '' : ', unoptimised'}`, () => {
          const words = [...(optimized ? [] : ['-O']), '-y', 'EN10MB', filter];
          const numbers = tcpdump('-ddd', ...words);
          const program = readNumbers(numbers);
          expect(listAsNumbers(program)).to.equal(numbers);
          expect(listAsC(program)).to.equal(tcpdump('-dd', ...words));
          expect(listProgram(program)).to.equal(tcpdump('-d', ...words));
        });
      }
    }
  });

  it('name extensions as libpcap does', () => {
    expect(listInstruction(loadExtension('vlan-present', 1), 3)).to.equal('(003) ldb      [vlanp]');
  });

  it('count jumps from the start of the program', () => {
    expect(listInstruction(jumpIf('any-bit', 0x1fff, 6, 0), 12)).to.equal(
      '(012) jset     #0x1fff          jt 19\tjf 13',
    );
  });

  it('say unimp for numbers without a name', () => {
    expect(listInstruction(unknown({ code: 0xb7, jt: 0, jf: 0, k: 0 }), 0)).to.equal('(000) unimp    0xb7');
  });

  it('give the program back from numbers', () => {
    fc.assert(
      fc.property(fc.array(randomInstruction(), { maxLength: 20 }), (program) => {
        expect(readNumbers(listAsNumbers(program))).to.deep.equal(program);
      }),
    );
  });

  it('refuse numbers that are none', () => {
    expect(() => readNumbers('2\n6 0 0 1\n')).to.throw(RangeError, 'line 1 promises 2 instructions, 1 follow');
    expect(() => readNumbers('1\n6 0 0\n')).to.throw(RangeError, 'line 2 is no instruction, code jt jf k: 6 0 0');
    expect(() => readNumbers('1\n6 256 0 1\n')).to.throw(RangeError, 'line 2');
    expect(() => readNumbers('1\n6 0 0 4294967296\n')).to.throw(RangeError, 'line 2');
  });

  it('end with a newline, also after one instruction', () => {
    expect(listProgram([returnConstant(0)])).to.equal('(000) ret      #0\n');
    expect(listProgram([tax])).to.equal('(000) tax      \n');
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { assemble, AssemblyError } from '../../src/ebpf/assemble.ts';
import { decode } from '../../src/ebpf/decode.ts';
import { disassemble } from '../../src/ebpf/disassemble.ts';
import { encode } from '../../src/ebpf/encode.ts';
import type { Instruction } from '../../src/ebpf/instruction.ts';
import { textOf } from '../../src/ir/span.ts';
import { randomProgram, randomProgramMaps as maps } from './random-program.ts';

const read = (text: string): readonly Instruction[] => assemble({ name: 'test', text });

describe('eBPF assembler text', () => {
  it('reads back what it prints', () => {
    fc.assert(
      fc.property(randomProgram(), (program) => {
        expect(encode(read(disassemble(program)), { maps })).to.deep.equal(encode(program, { maps }));
      }),
    );
  });

  it('reads back a decoded program', () => {
    const names = new Map([...maps].map(([name, descriptor]) => [descriptor, name]));
    fc.assert(
      fc.property(randomProgram(), (program) => {
        const bytes = encode(program, { maps });
        const decoded = decode(bytes, { mapName: (descriptor) => names.get(descriptor) as string });
        expect(encode(decoded, { maps })).to.deep.equal(bytes);
        expect(encode(read(disassemble(decoded)), { maps })).to.deep.equal(bytes);
      }),
    );
  });

  it('prints the form of llvm-objdump', () => {
    const program: Instruction[] = [
      { kind: 'load', size: 2, destination: 'r0', base: 'r7', offset: 12 },
      { kind: 'jump-if', condition: '!=', width: 64, left: 'r0', right: 8, target: 'no' },
      { kind: 'alu', operator: 'and', width: 32, destination: 'r0', source: 15 },
      { kind: 'byte-swap', order: 'be', bits: 16, destination: 'r0' },
      { kind: 'store', size: 4, base: 'r10', offset: -4, source: 'r0' },
      { kind: 'load-immediate', destination: 'r1', value: 0x1234567890n },
      { kind: 'load-map', destination: 'r1', map: 'counters' },
      { kind: 'call', helper: 1 },
      { kind: 'label', name: 'no' },
      { kind: 'exit' },
    ];
    expect(disassemble(program).split('\n')).to.deep.equal([
      '   0:  r0 = *(u16 *)(r7 + 12)',
      '   1:  if r0 != 0x8 goto +8 <no>',
      '   2:  w0 &= 15',
      '   3:  r0 = be16 r0',
      '   4:  *(u32 *)(r10 - 4) = r0',
      '   5:  r1 = 0x1234567890 ll',
      '   7:  r1 = map[counters]',
      '   9:  call bpf_map_lookup_elem#1',
      '<no>:',
      '  10:  exit',
      '',
    ]);
  });

  it('takes what bpftool prints', () => {
    const text = `
      int pktf_xdp(struct xdp_md * context):
      ; ip [file:filter line_num:1 line_col:1]
         0: (61) r2 = *(u32 *)(r1 +0)
         1: (16) if w5 == 0x8 goto pc+1
         2: (b7) r0 = 2
         3: (95) exit`.replace(/^.*int pktf.*$/m, '');
    expect(encode(read(text))).to.deep.equal(
      encode([
        { kind: 'load', size: 4, destination: 'r2', base: 'r1', offset: 0 },
        { kind: 'jump-if', condition: '==', width: 32, left: 'r5', right: 8, target: 'end' },
        { kind: 'alu', operator: 'mov', width: 64, destination: 'r0', source: 2 },
        { kind: 'label', name: 'end' },
        { kind: 'exit' },
      ]),
    );
  });

  it('remembers the words of each instruction', () => {
    const words = read('   0:  r0 = 1\n  exit\n').map((each) => ('span' in each && each.span ? textOf(each.span) : ''));
    expect(words).to.deep.equal(['r0 = 1', 'exit']);
  });

  for (const [text, messages] of [
    ['r0 = 1\nr11 = 2\n', ['“r11 = 2” is no instruction']],
    ['goto nowhere\n', ['there is no label nowhere']],
    ['a:\na:\nexit\n', ['label a is given twice']],
    ['r0 = 0x80000000\n', ['0x80000000 does not fit 32 bits']],
    ['w0 += r1\n', ['r1 is not 32 bits wide']],
    ['r0 = *(u32 *)(r1 + 40000)\n', ['offset 40000 does not fit 16 bits']],
    ['call bpf_unheard_of\n', ['there is no helper unheard_of that pktf knows']],
    ['r0 = be16 r1\n', ['a byte swap has one register']],
    ['goto +7\n', ['a jump leads to 8, where no instruction begins']],
    ['nonsense\nr0 <>= 1\n', ['“nonsense” is no instruction', '“r0 <>= 1” is no instruction']],
  ] as const) {
    it(`says what is wrong with ${JSON.stringify(text)}`, () => {
      expect(() => read(text))
        .to.throw(AssemblyError)
        .with.property('diagnostics')
        .that.satisfies((found: readonly { message: string }[]) => {
          expect(found.map(({ message }) => message)).to.deep.equal(messages);
          return true;
        });
    });
  }
});

import { expect } from 'chai';
import fc from 'fast-check';
import { mov } from '../../src/ebpf/alu.ts';
import { decode, DecodeError } from '../../src/ebpf/decode.ts';
import { encode, EncodeError, spansBySlot } from '../../src/ebpf/encode.ts';
import type { Instruction } from '../../src/ebpf/instruction.ts';
import { exitProgram, jump, jumpIf, label } from '../../src/ebpf/jump.ts';
import { layout, LayoutError } from '../../src/ebpf/layout.ts';
import { loadMap } from '../../src/ebpf/memory.ts';
import { randomProgram, randomProgramMaps as maps } from './random-program.ts';

describe('eBPF encoding', () => {
  it('has eight bytes for an instruction', () => {
    const program: Instruction[] = [
      { kind: 'load', size: 2, destination: 'r0', base: 'r7', offset: 12 },
      { kind: 'jump-if', condition: '==', width: 32, left: 'r0', right: 8, target: 'end' },
      { kind: 'alu', operator: 'mov', width: 64, destination: 'r0', source: -1 },
      label('end'),
      exitProgram,
    ];
    expect(Buffer.from(encode(program)).toString('hex').match(/.{16}/g)).to.deep.equal([
      '69700c0000000000',
      '1600010008000000',
      'b7000000ffffffff',
      '9500000000000000',
    ]);
  });

  it('numbers instructions by slots, as the kernel does', () => {
    const span = { source: { name: 'filter', text: 'ip' }, start: 0, end: 2 };
    const program: Instruction[] = [{ ...loadMap('r1', 'counters'), span }, exitProgram];
    expect(spansBySlot(program)).to.deep.equal([span, span, undefined]);
  });

  it('is undone by decoding', () => {
    fc.assert(
      fc.property(randomProgram(), (program) => {
        const bytes = encode(program, { maps });
        const names = new Map([...maps.values()].map((descriptor) => [`map${descriptor}`, descriptor]));
        expect(encode(decode(bytes), { maps: names })).to.deep.equal(bytes);
      }),
    );
  });

  it('refuses a map without a descriptor and a number that does not fit', () => {
    expect(() => encode([loadMap('r1', 'counters')])).to.throw(EncodeError, 'map counters has no descriptor');
    expect(() => encode([mov('r0', 2 ** 31)])).to.throw(EncodeError, '2147483648 does not fit 32 bits, signed');
  });

  it('refuses labels that are missing or given twice', () => {
    expect(() => encode([jump('away'), exitProgram])).to.throw(LayoutError, 'label away is missing');
    expect(() => encode([label('a'), label('a'), exitProgram])).to.throw(LayoutError, 'label a is given twice');
  });
});

describe('decoding', () => {
  for (const [name, hex, message] of [
    ['half an instruction', '95000000', 'instruction 0: cut off'],
    ['an unknown opcode', 'ff00000000000000', 'instruction 0: no instruction that pktf makes has the opcode 0xff'],
    ['half a wide instruction', '1801000000000000', 'instruction 0: its second half is missing'],
    ['a jump out', '0500050000000000', 'instruction 6: a jump leads here, where no instruction begins'],
    ['register 11', 'b70b000000000000', 'instruction 0: no instruction that pktf makes has the opcode 0xb7'],
  ] as const) {
    it(`refuses ${name}`, () => {
      expect(() => decode(Uint8Array.from(Buffer.from(hex, 'hex')))).to.throw(DecodeError, message);
    });
  }
});

describe('long jumps', () => {
  const filler = (count: number): Instruction[] => Array.from({ length: count }, () => mov('r1', 0));

  /** Follows plain jumps from a slot to where they end. */
  function follow(program: readonly Instruction[], index: number): number {
    const { placed } = layout(program);
    const bySlot = new Map(placed.map((each) => [each.slot, each]));
    const first = placed[index];
    if (first === undefined) throw new Error('no such instruction');
    let slot = first.slot + 1 + first.distance;
    for (;;) {
      const there = bySlot.get(slot);
      if (there?.instruction.kind !== 'jump') return slot;
      expect(Math.abs(there.distance)).to.be.below(32768);
      slot += 1 + there.distance;
    }
  }

  for (const distance of [100, 32767, 32768, 70000, 300000]) {
    it(`reaches ${distance} instructions ahead`, () => {
      const program = [jumpIf('r1', '==', 0, 'far'), ...filler(distance), label('far'), exitProgram];
      expect(follow(program, 0)).to.equal(layout(program).labels.get('far'));
      for (const { distance: jumped } of layout(program).placed) expect(Math.abs(jumped)).to.be.below(32768);
    });
  }

  it('puts islands where nothing falls into them, if it can', () => {
    const block = (): Instruction[] => [...filler(99), exitProgram];
    const program = [
      jumpIf('r1', '==', 0, 'far'),
      ...Array.from({ length: 500 }, block).flat(),
      label('far'),
      exitProgram,
    ];
    const added = layout(program).placed.length - program.filter(({ kind }) => kind !== 'label').length;
    // One for every 24,000 instructions.
    expect(added).to.equal(2);
    expect(follow(program, 0)).to.equal(layout(program).labels.get('far'));
  });

  it('serves thousands of labels at once', () => {
    const count = 20000;
    const program: Instruction[] = [];
    for (let i = 0; i < count; i++) program.push(jumpIf('r1', '==', i, `far${i % 5000}`));
    for (let i = 0; i < 5000; i++) program.push(...filler(10), label(`far${i}`), mov('r0', i));
    program.push(exitProgram);
    const { placed } = layout(program);
    const bySlot = new Map(placed.map((each) => [each.slot, each]));
    for (const { instruction, slot, distance } of placed) {
      if (instruction.kind !== 'jump-if') continue;
      let at = slot + 1 + distance;
      while (bySlot.get(at)?.instruction.kind === 'jump') at += 1 + (bySlot.get(at)?.distance as number);
      const there = bySlot.get(at)?.instruction;
      expect(there).to.have.property('source', (instruction.right as number) % 5000);
    }
  });

  it('refuses a jump back that is too long', () => {
    expect(() => layout([label('back'), ...filler(40000), jump('back')])).to.throw(
      LayoutError,
      'the jump back to back is too long',
    );
  });
});

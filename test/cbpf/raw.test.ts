import { expect } from 'chai';
import fc from 'fast-check';
import { jumpIf, loadAbsolute, loadExtension, loadImmediate, returnConstant } from '../../src/cbpf/instruction.ts';
import { decode, decodeProgram, encode, encodeProgram } from '../../src/cbpf/raw.ts';
import { randomInstruction, randomRawInstruction } from '../support/random-instruction.ts';

describe('raw classic instructions', () => {
  it('hold the numbers of linux/filter.h', () => {
    expect(encode(loadAbsolute(12, 2))).to.deep.equal({ code: 0x28, jt: 0, jf: 0, k: 12 });
    expect(encode(jumpIf('equal', 0x800, 0, 5))).to.deep.equal({ code: 0x15, jt: 0, jf: 5, k: 0x800 });
    expect(encode(loadExtension('vlan-present', 1))).to.deep.equal({ code: 0x30, jt: 0, jf: 0, k: 0xfffff030 });
    expect(encode(returnConstant(262144))).to.deep.equal({ code: 0x06, jt: 0, jf: 0, k: 0x40000 });
  });

  it('decode to the instruction that they came from', () => {
    fc.assert(
      fc.property(randomInstruction(), (instruction) => {
        expect(decode(encode(instruction))).to.deep.equal(instruction);
      }),
      { numRuns: 2000 },
    );
  });

  it('keep numbers that no instruction has', () => {
    expect(decode({ code: 0xffff, jt: 1, jf: 2, k: 3 }).kind).to.equal('unknown');
    expect(decode({ code: 0x28, jt: 1, jf: 0, k: 12 }).kind).to.equal('unknown');
    fc.assert(
      fc.property(randomRawInstruction(), (raw) => {
        expect(encode(decode(raw))).to.deep.equal(raw);
      }),
      { numRuns: 2000 },
    );
  });

  it('are eight bytes each, in either byte order', () => {
    const program = [loadAbsolute(12, 2), jumpIf('equal', 0x86dd, 1, 2), returnConstant(0)];
    const little = encodeProgram(program, true);
    expect([...little.subarray(8, 16)]).to.deep.equal([0x15, 0, 1, 2, 0xdd, 0x86, 0, 0]);
    expect([...encodeProgram(program, false).subarray(8, 16)]).to.deep.equal([0, 0x15, 1, 2, 0, 0, 0x86, 0xdd]);
    expect(decodeProgram(little, true)).to.deep.equal(program);
    expect(decodeProgram(encodeProgram(program, false), false)).to.deep.equal(program);
  });

  it('refuse what does not fit', () => {
    expect(() => encode(jumpIf('equal', 0, 256, 0))).to.throw(
      RangeError,
      'jump 256 does not fit an instruction: 0 to 255',
    );
    expect(() => encode(loadImmediate('A', -1))).to.throw(RangeError, 'constant -1 does not fit');
    expect(() => encode(loadImmediate('A', 2 ** 32))).to.throw(RangeError);
    expect(() => decodeProgram(new Uint8Array(9), true)).to.throw(RangeError, '9 bytes are no array of instructions');
  });
});

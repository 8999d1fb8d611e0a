import { expect } from 'chai';
import { mov } from '../../src/ebpf/alu.ts';
import { exitProgram } from '../../src/ebpf/jump.ts';
import type { Program } from '../../src/ebpf/program.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { SystemError } from '../../src/kernel/system-error.ts';
import { VerifierError } from '../../src/kernel/bpf/program.ts';
import { load } from '../../src/loader/load.ts';
import { ProgramRefused, ProgramTooLarge, refusalOf } from '../../src/loader/program-refused.ts';

const E2BIG = 7;
const EINVAL = 22;

const program: Program = {
  name: 'p',
  type: 'xdp',
  instructions: [mov('r0', 2), exitProgram],
  maps: [{ name: 'counters', type: 'percpu-array', keySize: 4, valueSize: 16, maxEntries: 1, flags: 0 }],
  license: 'MIT',
};

describe('a program that the kernel refuses', () => {
  it('is told to be too large, with what to do, and leaves nothing behind', () => {
    const failures = [1, 2].map((nth) => ({ call: 'bpf(PROG_LOAD)', nth, errno: E2BIG }));
    const kernel = recordingKernel({ failures });
    expect(() => load(kernel, program))
      .to.throw(ProgramTooLarge, 'the program (2 instructions) is too large for the kernel')
      .with.property('help')
      .that.contains('@set');
    expect(kernel.openDescriptors.size).to.equal(0);
  });

  it('is too large where too many jumps wait', () => {
    const log =
      '30903: (b6) if w0 <= 0x5 goto pc+2\nThe sequence of 8193 jumps is too complex.\nprocessed 34085 insns\n';
    expect(refusalOf(program, new VerifierError('bpf(PROG_LOAD)', EINVAL, log))).to.be.instanceOf(ProgramTooLarge);
  });

  it('is otherwise a bug of ours', () => {
    const error = new VerifierError('bpf(PROG_LOAD)', EINVAL, '0: (95) exit\nR0 !read_ok\nprocessed 1 insns\n');
    expect(refusalOf(program, error))
      .to.be.instanceOf(ProgramRefused)
      .with.property('message', "the kernel's verifier refused the program: R0 !read_ok");
  });

  it('is not spoken of where a map is too large', () => {
    const kernel = recordingKernel({ failures: [{ call: 'bpf(MAP_CREATE)', nth: 1, errno: E2BIG }] });
    expect(() => load(kernel, program)).to.throw(SystemError, 'bpf(MAP_CREATE)');
  });
});

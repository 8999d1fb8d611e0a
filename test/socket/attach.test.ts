import { expect } from 'chai';
import { InvalidProgramError } from '../../src/cbpf/check.ts';
import {
  jumpIf,
  loadAbsolute,
  loadIndirect,
  loadScratch,
  returnConstant,
  type Instruction,
} from '../../src/cbpf/instruction.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { attachedFilter, attachFilter, detachFilter, lockFilter } from '../../src/socket/attach.ts';
import { openClassicKernel, type ClassicKernel } from '../support/classic-kernel.ts';
import { requireOrSkip } from '../support/require.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const program = [loadAbsolute(0, 1), jumpIf('equal', 7, 0, 1), returnConstant(4), returnConstant(0)];

describe('filters on sockets', () => {
  it('go to the kernel as a struct sock_fprog', () => {
    const kernel = recordingKernel();
    attachFilter(kernel, 5, program);
    const instructions = Uint8Array.from(
      [
        [0x30, 0, 0, 0, 0, 0, 0, 0],
        [0x15, 0, 0, 1, 7, 0, 0, 0],
        [0x06, 0, 0, 0, 4, 0, 0, 0],
        [0x06, 0, 0, 0, 0, 0, 0, 0],
      ].flat(),
    );
    const count = Uint8Array.from([4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(kernel.calls).to.deep.equal([
      { call: 'setSocketOption', values: [5, SOL_SOCKET, 26, count, [{ offset: 8, buffer: instructions }]] },
    ]);
  });

  it('are detached and locked by an int', () => {
    const kernel = recordingKernel();
    expect(detachFilter(kernel, 5)).to.equal(true);
    lockFilter(kernel, 5);
    expect(kernel.calls).to.deep.equal([
      { call: 'setSocketOption', values: [5, SOL_SOCKET, 27, new Uint8Array(4)] },
      { call: 'setSocketOption', values: [5, SOL_SOCKET, 44, Uint8Array.of(1, 0, 0, 0)] },
    ]);
  });

  it('do not reach the kernel where it would only say EINVAL', () => {
    const kernel = recordingKernel();
    expect(() => attachFilter(kernel, 5, [loadScratch('A', 1), returnConstant(0)])).to.throw(
      InvalidProgramError,
      'instruction 0: M[1] is read but not written on every way to here',
    );
    expect(kernel.calls).to.deep.equal([]);
  });

  it('keep what the kernel says and explain it where it is known', () => {
    const refusing = (errno: number) => recordingKernel({ failures: [{ nth: 1, errno }] });
    expect(() => attachFilter(refusing(1), 5, program)).to.throw('the filter of this socket is locked (EPERM)');
    expect(() => attachFilter(refusing(12), 5, program)).to.throw('net.core.optmem_max allows for a socket (ENOMEM)');
    expect(() => attachFilter(refusing(9), 5, program)).to.throw('bad file descriptor (EBADF)');
    expect(() => detachFilter(refusing(9), 5)).to.throw('bad file descriptor (EBADF)');
  });

  describe('in the kernel', () => {
    let machine: ClassicKernel;
    let descriptors: number[] = [];

    before(async function () {
      machine = await openClassicKernel(this);
    });

    afterEach(() => {
      descriptors.forEach((descriptor) => machine.kernel.close(descriptor));
      descriptors = [];
    });

    function openSocket(): number {
      const descriptor = machine.kernel.socket(AF_UNIX, SOCK_DGRAM, 0);
      descriptors.push(descriptor);
      return descriptor;
    }

    it('can be read back', () => {
      const socket = openSocket();
      expect(attachedFilter(machine.kernel, socket)).to.equal(undefined);
      attachFilter(machine.kernel, socket, program);
      expect(attachedFilter(machine.kernel, socket)).to.deep.equal(program);
    });

    it('are replaced and detached', () => {
      const socket = openSocket();
      attachFilter(machine.kernel, socket, program);
      attachFilter(machine.kernel, socket, [returnConstant(1)]);
      expect(attachedFilter(machine.kernel, socket)).to.deep.equal([returnConstant(1)]);
      expect(detachFilter(machine.kernel, socket)).to.equal(true);
      expect(detachFilter(machine.kernel, socket)).to.equal(false);
      expect(attachedFilter(machine.kernel, socket)).to.equal(undefined);
    });

    it('stay where they are once they are locked', () => {
      const socket = openSocket();
      attachFilter(machine.kernel, socket, program);
      lockFilter(machine.kernel, socket);
      expect(() => attachFilter(machine.kernel, socket, [returnConstant(1)])).to.throw('is locked (EPERM)');
      expect(() => detachFilter(machine.kernel, socket)).to.throw('is locked (EPERM)');
      expect(attachedFilter(machine.kernel, socket)).to.deep.equal(program);
    });

    it('may be 4096 instructions long', () => {
      const socket = openSocket();
      const long = [...Array<Instruction>(4095).fill(jumpIf('equal', 1, 0, 0)), returnConstant(0)];
      attachFilter(machine.kernel, socket, long);
      expect(attachedFilter(machine.kernel, socket)).to.deep.equal(long);
    });

    it('are refused in words where the system has no room for them', function () {
      // Each indirect load becomes many instructions of the kernel's own machine, all of which count.
      const large = [...Array<Instruction>(4095).fill(loadIndirect(3, 2)), returnConstant(0)];
      const limit = Number(machine.kernel.readTextFile('/proc/sys/net/core/optmem_max'));
      requireOrSkip(this, 'kernel', limit < 4096 * 5 * 8, `net.core.optmem_max is ${limit} here`);
      expect(() => attachFilter(machine.kernel, openSocket(), large)).to.throw('net.core.optmem_max');
    });
  });
});

import { expect } from 'chai';
import { jumpIf, loadAbsolute, loadLength, loadScratch, returnConstant } from '../../src/cbpf/instruction.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { openVerdictSocket } from '../../src/socket/verdict-socket.ts';
import { openClassicKernel, type ClassicKernel } from '../support/classic-kernel.ts';

const longerThanTen = [loadLength('A'), jumpIf('greater', 10, 0, 1), returnConstant(20), returnConstant(0)];

describe('verdicts of the kernel over a pair of sockets', () => {
  it('close both ends, also where the program is refused', () => {
    const kernel = recordingKernel();
    openVerdictSocket(kernel, longerThanTen).close();
    expect(() => openVerdictSocket(kernel, [loadScratch('A', 0), returnConstant(0)])).to.throw('M[0] is read');
    const full = recordingKernel({ failures: [{ call: 'setSocketOption', nth: 1, errno: 12 }] });
    expect(() => openVerdictSocket(full, longerThanTen)).to.throw('ENOMEM');
    expect([...kernel.openDescriptors, ...full.openDescriptors]).to.deep.equal([]);
  });

  describe('in the kernel', () => {
    let machine: ClassicKernel;

    before(async function () {
      machine = await openClassicKernel(this);
    });

    it('say how much of a packet is kept', () => {
      const packets = [0, 10, 11, 20, 21, 1500].map((length) => new Uint8Array(length));
      expect(machine.run(longerThanTen, packets)).to.deep.equal([undefined, undefined, 11, 20, 20, 20]);
    });

    it('tell an empty packet that matches from one that does not', () => {
      const empty = new Uint8Array(0);
      expect(machine.run([returnConstant(1)], [empty])).to.deep.equal([0]);
      expect(machine.run([returnConstant(0)], [empty])).to.deep.equal([undefined]);
      expect(machine.run([loadAbsolute(0, 1), returnConstant(1)], [empty])).to.deep.equal([undefined]);
    });

    it('go on for many packets: none stays in the buffer', () => {
      const packet = new Uint8Array(1500);
      const many = Array.from({ length: 5000 }, () => packet);
      expect(machine.run([returnConstant(262144)], many).every((kept) => kept === 1500)).to.equal(true);
      expect(machine.run([returnConstant(0)], many).every((kept) => kept === undefined)).to.equal(true);
    });

    it('take packets up to a length that they tell, and refuse longer ones', () => {
      const socket = openVerdictSocket(machine.kernel, [returnConstant(0xffffffff)]);
      try {
        const { longestPacket } = socket;
        expect(longestPacket).to.be.greaterThan(65_535);
        expect(socket.keptLength(new Uint8Array(longestPacket))).to.equal(longestPacket);
        expect(() => socket.keptLength(new Uint8Array(longestPacket + 1))).to.throw('EMSGSIZE');
        expect(socket.keptLength(new Uint8Array(60))).to.equal(60);
      } finally {
        socket.close();
      }
    });
  });
});

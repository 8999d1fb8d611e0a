import { expect } from 'chai';
import { loadBtf } from '../../../src/kernel/bpf/btf.ts';
import { objectIds, openById } from '../../../src/kernel/bpf/id.ts';
import { createLink, detachLink, queryTcx, updateLink } from '../../../src/kernel/bpf/link.ts';
import { updateBatch } from '../../../src/kernel/bpf/map-batch.ts';
import {
  countPossibleCpus,
  createMap,
  deleteElement,
  lookupElement,
  nextKey,
  perCpuValueSize,
  updateElement,
} from '../../../src/kernel/bpf/map.ts';
import { openPinned, pinObject } from '../../../src/kernel/bpf/object.ts';
import { VerifierError, loadProgram, programFlags } from '../../../src/kernel/bpf/program.ts';
import type { ProgramLoad } from '../../../src/kernel/bpf/program.ts';
import { testRun } from '../../../src/kernel/bpf/test-run.ts';
import type { Reference } from '../../../src/kernel/kernel.ts';
import { recordingKernel } from '../../../src/kernel/recording.ts';
import type { RecordingKernel } from '../../../src/kernel/recording.ts';
import { SystemError } from '../../../src/kernel/system-error.ts';

/** The attributes of the n-th call as 32-bit words, without zero words at the end. */
function words(kernel: RecordingKernel, index = 0): readonly number[] {
  const bytes = kernel.calls[index]!.values[0] as Uint8Array;
  const all = [...new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)];
  while (all.at(-1) === 0) all.pop();
  return all;
}

/** Which buffer goes where. */
function references(kernel: RecordingKernel, index = 0): readonly Reference[] {
  return kernel.calls[index]!.values[1] as readonly Reference[];
}

/** A text as 32-bit words, zero-padded. */
function textWords(text: string, count: number): readonly number[] {
  const bytes = new Uint8Array(count * 4);
  bytes.set(new TextEncoder().encode(text));
  return [...new Int32Array(bytes.buffer)];
}

const program: ProgramLoad = { name: 'p', type: 'xdp', instructions: new Uint8Array(16), license: 'MIT' };

describe('bpf(2) as bytes', () => {
  it('MAP_CREATE', () => {
    const kernel = recordingKernel();
    createMap(kernel, {
      name: 'pktf.counts_1',
      type: 'percpu-array',
      keySize: 4,
      valueSize: 16,
      maxEntries: 9,
      flags: 128,
      innerMap: 5,
    });
    expect(kernel.calls[0]!.call).to.equal('bpf(MAP_CREATE)');
    expect(words(kernel)).to.deep.equal([6, 4, 16, 9, 128, 5, 0, ...textWords('pktf.counts_1', 4)]);
  });

  it('refuses names that the kernel would refuse', () => {
    const kernel = recordingKernel();
    const map = { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 } as const;
    expect(() => createMap(kernel, { ...map, name: 'sixteen_letters_' })).to.throw(RangeError);
    expect(() => createMap(kernel, { ...map, name: 'a-b' })).to.throw(RangeError);
    expect(kernel.calls).to.deep.equal([]);
  });

  it('the commands on one element', () => {
    const kernel = recordingKernel();
    const key = Uint8Array.of(1, 2, 3, 4);
    const value = Uint8Array.of(5, 6);
    updateElement(kernel, 7, key, value, 'absent');
    expect(words(kernel)).to.deep.equal([7, 0, 0, 0, 0, 0, 1]);
    expect(references(kernel)).to.deep.equal([
      { offset: 8, buffer: key },
      { offset: 16, buffer: value },
    ]);
    lookupElement(kernel, 7, key, 3);
    expect(references(kernel, 1)).to.deep.equal([
      { offset: 8, buffer: key },
      { offset: 16, buffer: new Uint8Array(3) },
    ]);
    deleteElement(kernel, 7, key);
    expect(references(kernel, 2)).to.deep.equal([{ offset: 8, buffer: key }]);
    nextKey(kernel, 7, undefined, 4);
    expect(references(kernel, 3)).to.deep.equal([{ offset: 16, buffer: new Uint8Array(4) }]);
    expect(kernel.calls.map(({ call }) => call)).to.deep.equal([
      'bpf(MAP_UPDATE_ELEM)',
      'bpf(MAP_LOOKUP_ELEM)',
      'bpf(MAP_DELETE_ELEM)',
      'bpf(MAP_GET_NEXT_KEY)',
    ]);
  });

  it('a missing element is no error, another refusal is one', () => {
    const missing = recordingKernel({ failures: [1, 2, 3].map((nth) => ({ nth, errno: 2 })) });
    expect(lookupElement(missing, 7, new Uint8Array(4), 4)).to.equal(undefined);
    expect(deleteElement(missing, 7, new Uint8Array(4))).to.equal(false);
    expect(nextKey(missing, 7, new Uint8Array(4), 4)).to.equal(undefined);
    const refused = recordingKernel({ failures: [{ nth: 1, errno: 1 }] });
    expect(() => lookupElement(refused, 7, new Uint8Array(4), 4)).to.throw('bpf(MAP_LOOKUP_ELEM)');
  });

  it('batches', () => {
    const kernel = recordingKernel();
    updateBatch(kernel, 7, { count: 2, keys: new Uint8Array(8), values: new Uint8Array(16) });
    expect(words(kernel)).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0, 2, 7]);
    expect(references(kernel).map(({ offset, buffer }) => [offset, buffer.length])).to.deep.equal([
      [16, 8],
      [24, 16],
    ]);
  });

  it('sizes of per-CPU values', () => {
    const cpus = (text: string) => countPossibleCpus(recordingKernel({ answers: { readTextFile: () => text } }));
    expect(['0\n', '0-1\n', '0-3,8,10-11\n'].map(cpus)).to.deep.equal([1, 2, 7]);
    expect(perCpuValueSize(16, 3)).to.equal(48);
    expect(perCpuValueSize(4, 3)).to.equal(24);
  });

  it('PROG_LOAD', () => {
    const kernel = recordingKernel();
    const functions = new Uint8Array(8);
    const lines = new Uint8Array(32);
    loadProgram(kernel, {
      ...program,
      name: 'pktf_xdp',
      flags: programFlags.xdpHasFrags,
      expectedAttachType: 37,
      debugInfo: { btf: 11, functions, lines },
    });
    expect(kernel.calls).to.have.length(1);
    const beforeName = [6, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32];
    const afterName = [0, 37, 11, 8, 0, 0, 1, 16, 0, 0, 2];
    expect(words(kernel)).to.deep.equal([...beforeName, ...textWords('pktf_xdp', 4), ...afterName]);
    expect(references(kernel)).to.deep.equal([
      { offset: 8, buffer: program.instructions },
      { offset: 16, buffer: new TextEncoder().encode('MIT\0') },
      { offset: 80, buffer: functions },
      { offset: 96, buffer: lines },
    ]);
  });

  it('a refused program is loaded again for the log, with more room while it does not fit', () => {
    const sizes: number[] = [];
    const kernel = recordingKernel({
      answers: {
        bpf(_command, _attributes, buffers) {
          const log = buffers.find(({ offset }) => offset === 32)?.buffer;
          if (log === undefined) throw new SystemError('bpf(PROG_LOAD)', 13);
          sizes.push(log.length);
          log.set(new TextEncoder().encode('0: (95) exit\nR0 !read_ok\nprocessed 1 insns (limit 1000000)\n'));
          throw new SystemError('bpf(PROG_LOAD)', sizes.length < 3 ? 28 : 13);
        },
      },
    });
    expect(() => loadProgram(kernel, program))
      .to.throw(VerifierError, 'bpf(PROG_LOAD): R0 !read_ok (EACCES)')
      .with.property('log')
      .that.includes('0: (95) exit');
    expect(sizes).to.deep.equal([1 << 16, 1 << 19, 1 << 22]);
  });

  it('a refusal without a log stays what it is, and an interrupted load is tried again', () => {
    const forbidden = recordingKernel({ failures: [1, 2].map((nth) => ({ nth, errno: 1 })) });
    expect(() => loadProgram(forbidden, program))
      .to.throw(SystemError, 'EPERM')
      .that.is.not.instanceOf(VerifierError);
    const interrupted = recordingKernel({ failures: [{ nth: 1, errno: 11 }] });
    loadProgram(interrupted, program);
    expect(interrupted.count('bpf(PROG_LOAD)')).to.equal(2);
  });

  it('BTF_LOAD', () => {
    const kernel = recordingKernel();
    const btf = new Uint8Array(24);
    loadBtf(kernel, btf);
    expect(words(kernel)).to.deep.equal([0, 0, 0, 0, 24]);
    expect(references(kernel)).to.deep.equal([{ offset: 0, buffer: btf }]);
  });

  it('pins', () => {
    const kernel = recordingKernel();
    const path = new TextEncoder().encode('/sys/fs/bpf/x\0');
    pinObject(kernel, 7, '/sys/fs/bpf/x');
    openPinned(kernel, '/sys/fs/bpf/x', 'read-only');
    expect([words(kernel), words(kernel, 1)]).to.deep.equal([
      [0, 0, 7],
      [0, 0, 0, 8],
    ]);
    expect(references(kernel)).to.deep.equal([{ offset: 0, buffer: path }]);
    expect(references(kernel, 1)).to.deep.equal([{ offset: 0, buffer: path }]);
  });

  it('links', () => {
    const kernel = recordingKernel();
    createLink(kernel, 'xdp', { programDescriptor: 7, ifindex: 3, flags: 2 });
    createLink(kernel, 'tcx-egress', { programDescriptor: 7, ifindex: 3 });
    updateLink(kernel, 9, 8, 7);
    updateLink(kernel, 9, 8);
    detachLink(kernel, 9);
    expect(kernel.calls.map((_, index) => words(kernel, index))).to.deep.equal([
      [7, 3, 37, 2],
      [7, 3, 47],
      [9, 8, 4, 7],
      [9, 8],
      [9],
    ]);
  });

  it('PROG_QUERY of tcx', () => {
    const kernel = recordingKernel({
      answers: {
        bpf(_command, attributes, [programs, links]) {
          programs!.buffer.set([5, 0, 0, 0, 6]);
          links!.buffer.set([0, 0, 0, 0, 8]);
          attributes[24] = 2;
          return 0;
        },
      },
    });
    expect(queryTcx(kernel, 3, 'tcx-ingress')).to.deep.equal([
      { programId: 5, linkId: 0 },
      { programId: 6, linkId: 8 },
    ]);
    expect(words(kernel)).to.deep.equal([3, 46, 0, 0, 0, 0, 64]);
  });

  it('ids, until there is none', () => {
    const kernel = recordingKernel({
      answers: {
        bpf(_command, attributes) {
          attributes[4] = attributes[0]! + 10;
          return 0;
        },
      },
      failures: [{ nth: 3, errno: 2 }],
    });
    expect([...objectIds(kernel, 'link')]).to.deep.equal([10, 20]);
    openById(kernel, 'map', 20);
    expect(words(kernel, 3)).to.deep.equal([20]);
    expect(kernel.calls[3]!.call).to.equal('bpf(MAP_GET_FD_BY_ID)');
  });

  it('PROG_TEST_RUN', () => {
    const kernel = recordingKernel({
      answers: {
        bpf(_command, attributes) {
          attributes.set([2, 0, 0, 0], 4);
          attributes.set([60, 0, 0, 0], 12);
          attributes.set([99, 0, 0, 0], 36);
          return 0;
        },
      },
    });
    const data = new Uint8Array(64);
    const context = new Uint8Array(24);
    const result = testRun(kernel, 7, { data, context, repeat: 5, dataOut: new Uint8Array(80) });
    expect(result).to.deep.equal({ returnValue: 2, dataLength: 60, duration: 99 });
    expect(words(kernel)).to.deep.equal([7, 0, 64, 80, 0, 0, 0, 0, 5, 0, 24]);
    expect(references(kernel).map(({ offset, buffer }) => [offset, buffer.length])).to.deep.equal([
      [16, 64],
      [24, 80],
      [48, 24],
    ]);
  });
});

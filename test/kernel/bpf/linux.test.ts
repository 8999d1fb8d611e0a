import { expect } from 'chai';
import { findLink } from '../../../src/kernel/bpf/find-link.ts';
import { objectIds, openById } from '../../../src/kernel/bpf/id.ts';
import { mapInfo, programInfo } from '../../../src/kernel/bpf/info.ts';
import { deleteBatch, lookupBatches, readElements, updateBatch } from '../../../src/kernel/bpf/map-batch.ts';
import {
  countPossibleCpus,
  createMap,
  deleteElement,
  freezeMap,
  lookupElement,
  mapFlags,
  nextKey,
  perCpuValueSize,
  updateElement,
} from '../../../src/kernel/bpf/map.ts';
import type { MapCreation } from '../../../src/kernel/bpf/map.ts';
import { VerifierError, loadProgram, programTypes, verifierLog } from '../../../src/kernel/bpf/program.ts';
import { testRun } from '../../../src/kernel/bpf/test-run.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { openDescriptorCount, openRealKernel } from '../../support/real-kernel.ts';
import { TC_ACT_SHOT, XDP_DROP, XDP_PASS, loadTc, loadXdp } from '../../support/tiny-program.ts';

const hash: MapCreation = { name: 'pktf_test', type: 'hash', keySize: 4, valueSize: 8, maxEntries: 10000, flags: 0 };

function u32(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

describe('bpf(2) of the real kernel', () => {
  let kernel: Kernel;
  let descriptorsBefore: number;
  const open: number[] = [];
  const keep = (descriptor: number) => {
    open.push(descriptor);
    return descriptor;
  };

  before(async function () {
    kernel = await openRealKernel(this);
  });
  beforeEach(() => {
    descriptorsBefore = openDescriptorCount(kernel);
  });
  afterEach(() => {
    for (const descriptor of open.splice(0)) kernel.close(descriptor);
    expect(openDescriptorCount(kernel)).to.equal(descriptorsBefore);
  });

  it('creates, fills, reads and empties a map', () => {
    const map = keep(createMap(kernel, hash));
    const [one, two] = [u32(1), u32(2)];
    updateElement(kernel, map, one, u32(10, 11));
    updateElement(kernel, map, two, u32(20, 21), 'absent');
    expect(() => updateElement(kernel, map, two, u32(0, 0), 'absent')).to.throw('EEXIST');
    expect(() => updateElement(kernel, map, u32(3), u32(0, 0), 'present')).to.throw('ENOENT');
    expect(lookupElement(kernel, map, two, 8)).to.deep.equal(u32(20, 21));
    expect(lookupElement(kernel, map, u32(3), 8)).to.equal(undefined);
    const keys = [nextKey(kernel, map, undefined, 4)!];
    keys.push(nextKey(kernel, map, keys[0], 4)!);
    expect(nextKey(kernel, map, keys[1], 4)).to.equal(undefined);
    expect(keys.map((key) => key[0])).to.have.members([1, 2]);
    expect(deleteElement(kernel, map, one)).to.equal(true);
    expect(deleteElement(kernel, map, one)).to.equal(false);
    const { type, name, keySize, valueSize, maxEntries } = mapInfo(kernel, map);
    expect({ type, name, keySize, valueSize, maxEntries }).to.deep.equal({
      type: 1,
      name: 'pktf_test',
      keySize: 4,
      valueSize: 8,
      maxEntries: 10000,
    });
  });

  it('writes, reads and deletes batches larger than a chunk', () => {
    const map = keep(createMap(kernel, hash));
    const count = 9000;
    const keys = Uint32Array.from({ length: count }, (_, index) => index * 7);
    const values = BigUint64Array.from(keys, (key) => BigInt(key) + 1n);
    updateBatch(kernel, map, { count, keys: new Uint8Array(keys.buffer), values: new Uint8Array(values.buffer) });
    const all = lookupBatches(kernel, map, hash);
    expect(all.count).to.equal(count);
    const readKeys = new Uint32Array(all.keys.buffer);
    const readValues = new BigUint64Array(all.values.buffer);
    expect([...readKeys].sort((a, b) => a - b)).to.deep.equal([...keys]);
    expect(readKeys.every((key, index) => readValues[index] === BigInt(key) + 1n)).to.equal(true);
    deleteBatch(kernel, map, new Uint8Array(keys.buffer), count);
    expect(lookupBatches(kernel, map, hash).count).to.equal(0);
    expect(() => deleteBatch(kernel, map, new Uint8Array(keys.buffer), 1)).to.throw('ENOENT');
  });

  it('reads a per-CPU array with the values of all possible CPUs', () => {
    const map = keep(createMap(kernel, { ...hash, type: 'percpu-array', valueSize: 12, maxEntries: 3 }));
    const valueSize = perCpuValueSize(12, countPossibleCpus(kernel));
    const value = new Uint8Array(valueSize).map((_, index) => (index % 16 < 12 ? index : 0));
    updateElement(kernel, map, u32(1), value);
    const { count, values } = lookupBatches(kernel, map, { keySize: 4, valueSize, maxEntries: 3 });
    expect(count).to.equal(3);
    expect(values.subarray(valueSize, 2 * valueSize)).to.deep.equal(value);
    expect(lookupElement(kernel, map, u32(1), valueSize)).to.deep.equal(value);
  });

  it('reads maps of every type that holds values, with batches or without', () => {
    const shapes: readonly MapCreation[] = [
      hash,
      { ...hash, type: 'array', maxEntries: 2 },
      { ...hash, type: 'lpm-trie', keySize: 8, flags: mapFlags.noPreallocation },
      { ...hash, type: 'percpu-hash' },
    ];
    for (const shape of shapes) {
      const map = keep(createMap(kernel, shape));
      const valueSize = shape.type === 'percpu-hash' ? perCpuValueSize(8, countPossibleCpus(kernel)) : 8;
      const key = new Uint8Array(shape.keySize);
      const value = new Uint8Array(valueSize).fill(3);
      updateElement(kernel, map, key, value);
      const { keys, values } = readElements(kernel, map, { ...shape, valueSize });
      expect(keys.subarray(0, shape.keySize), shape.type).to.deep.equal(key);
      expect(values.subarray(0, valueSize), shape.type).to.deep.equal(value);
    }
  });

  it('reads a map without batches one by one', () => {
    const map = keep(createMap(kernel, hash));
    for (const key of [1, 2, 3]) updateElement(kernel, map, u32(key), u32(key, 0));
    const withoutBatches: Kernel = {
      ...kernel,
      bpf: (command, ...rest) => kernel.bpf(command === 24 ? 999 : command, ...rest),
    };
    expect(readElements(withoutBatches, map, hash).count).to.equal(3);
  });

  it('freezes a map', () => {
    const map = keep(createMap(kernel, { ...hash, type: 'array', maxEntries: 1 }));
    freezeMap(kernel, map);
    expect(() => updateElement(kernel, map, u32(0), u32(1, 1))).to.throw('EPERM');
  });

  it('loads and runs programs, and knows them', () => {
    const xdp = keep(loadXdp(kernel, XDP_DROP));
    const tc = keep(loadTc(kernel, TC_ACT_SHOT));
    const data = new Uint8Array(60).map((_, index) => index);
    const dataOut = new Uint8Array(60);
    expect(testRun(kernel, xdp, { data, dataOut })).to.include({ returnValue: XDP_DROP, dataLength: 60 });
    expect(dataOut).to.deep.equal(data);
    expect(testRun(kernel, tc, { data })).to.include({ returnValue: TC_ACT_SHOT });
    const info = programInfo(kernel, xdp);
    expect(info).to.include({ type: programTypes.xdp, name: 'tiny_xdp', verifiedInstructions: 2, translatedSize: 16 });
    expect(info.tag).to.match(/^[0-9a-f]{16}$/);
    expect(Number(kernel.bootTime() - info.loadTime) / 1e9).to.be.within(0, 60);
    expect([...objectIds(kernel, 'program')]).to.include(info.id);
    expect(programInfo(kernel, keep(openById(kernel, 'program', info.id))).id).to.equal(info.id);
    expect(() => openById(kernel, 'program', 0x7fffffff)).to.throw('ENOENT');
  });

  it('knows the maps of a program', () => {
    const map = keep(createMap(kernel, hash));
    // r1 = map ll; r0 = 2; exit
    const instructions = new Uint8Array(32);
    instructions.set([0x18, 0x11], 0);
    new DataView(instructions.buffer).setInt32(4, map, true);
    instructions.set([0xb7, 0, 0, 0, XDP_PASS, 0, 0, 0, 0x95], 16);
    const program = keep(loadProgram(kernel, { name: 'with_map', type: 'xdp', instructions, license: 'MIT' }));
    expect(programInfo(kernel, program).mapIds).to.deep.equal([mapInfo(kernel, map).id]);
  });

  it('gives the telling line of the verifier, and the whole log', () => {
    const exit = Uint8Array.of(0x95, 0, 0, 0, 0, 0, 0, 0);
    const program = { name: 'bad', type: 'xdp', instructions: exit, license: 'MIT' } as const;
    expect(() => loadProgram(kernel, program))
      .to.throw(VerifierError, 'bpf(PROG_LOAD): R0 !read_ok (EACCES)')
      .with.property('log')
      .that.includes('processed 1 insns');
    expect(verifierLog(kernel, program)).to.include('R0 !read_ok');
  });

  it('finds no link that is not there', () => {
    expect(findLink(kernel, () => false)).to.deep.equal({ kind: 'no-link' });
  });
});

import { expect } from 'chai';
import { attributes } from '../../../src/kernel/bpf/attributes.ts';
import { loadBtf } from '../../../src/kernel/bpf/btf.ts';
import { btfInfo, mapInfo, programInfo } from '../../../src/kernel/bpf/info.ts';
import { createMap, lookupElement, updateElement } from '../../../src/kernel/bpf/map.ts';
import { openPinned, pinObject } from '../../../src/kernel/bpf/object.ts';
import { VerifierError } from '../../../src/kernel/bpf/program.ts';
import { provideBpffs } from '../../../src/kernel/bpffs.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { openRealKernel } from '../../support/real-kernel.ts';
import { XDP_PASS, loadXdp } from '../../support/tiny-program.ts';

const map = { name: 'pinned', type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 } as const;

describe('pins of the real kernel', () => {
  let kernel: Kernel;
  const directory = `/sys/fs/bpf/pktf-kernel-${process.pid}`;

  before(async function () {
    kernel = await openRealKernel(this);
    const bpffs = provideBpffs(kernel);
    if (bpffs.kind === 'absent') throw new Error(`${bpffs.reason}: ${bpffs.remedy}`);
    kernel.makeDirectory(directory);
  });
  after(() => {
    if (kernel === undefined) return;
    for (const name of kernel.listDirectory(directory)) kernel.unlink(`${directory}/${name}`);
    kernel.removeDirectory(directory);
  });

  it('keep a map and its contents when all descriptors are closed', () => {
    const path = `${directory}/map`;
    const first = createMap(kernel, map);
    const { id } = mapInfo(kernel, first);
    updateElement(kernel, first, new Uint8Array(4), Uint8Array.of(1, 2, 3, 4));
    pinObject(kernel, first, path);
    expect(() => pinObject(kernel, first, path)).to.throw('bpf(OBJ_PIN): already exists (EEXIST)');
    kernel.close(first);
    const again = openPinned(kernel, path);
    const readOnly = openPinned(kernel, path, 'read-only');
    try {
      expect(mapInfo(kernel, again).id).to.equal(id);
      expect(lookupElement(kernel, readOnly, new Uint8Array(4), 4)).to.deep.equal(Uint8Array.of(1, 2, 3, 4));
      expect(() => updateElement(kernel, readOnly, new Uint8Array(4), new Uint8Array(4))).to.throw('EPERM');
    } finally {
      kernel.close(again);
      kernel.close(readOnly);
    }
    kernel.unlink(path);
    expect(() => openPinned(kernel, path)).to.throw('bpf(OBJ_GET): no such file or directory (ENOENT)');
  });

  it('keep a program, and move with a renamed directory', () => {
    const program = loadXdp(kernel, XDP_PASS);
    const { id } = programInfo(kernel, program);
    kernel.makeDirectory(`${directory}/staged`);
    pinObject(kernel, program, `${directory}/staged/program`);
    kernel.close(program);
    kernel.rename(`${directory}/staged`, `${directory}/settled`);
    const again = openPinned(kernel, `${directory}/settled/program`);
    expect(programInfo(kernel, again).id).to.equal(id);
    kernel.close(again);
    expect(kernel.listDirectory(directory)).to.deep.equal(['settled']);
    expect(() => kernel.removeDirectory(`${directory}/settled`)).to.throw('ENOTEMPTY');
    kernel.unlink(`${directory}/settled/program`);
    kernel.removeDirectory(`${directory}/settled`);
  });
});

describe('BTF of the real kernel', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  /** Raw BTF with one type: `int`, 32 bits, signed; the string table is a zero byte and the type's name. */
  function intType(): Uint8Array {
    const strings = new TextEncoder().encode('\0int\0');
    const header = attributes(24, { 0: 0x0001eb9f, 4: 24, 8: 0, 12: 16, 16: 16, 20: strings.length });
    const type = attributes(16, { 0: 1, 4: 1 << 24, 8: 4, 12: (1 << 24) | 32 });
    return Uint8Array.from([...header, ...type, ...strings]);
  }

  it('is taken and given back', () => {
    const btf = loadBtf(kernel, intType());
    const { bytes, name, id } = btfInfo(kernel, btf);
    kernel.close(btf);
    expect(bytes).to.deep.equal(intType());
    expect(name).to.equal('');
    expect(id).to.be.greaterThan(0);
  });

  it('that is wrong is refused with the reason', () => {
    const noName = intType();
    noName[24] = 3;
    noName[24 + 16] = 1;
    expect(() => loadBtf(kernel, noName)).to.throw(VerifierError, 'bpf(BTF_LOAD): ');
  });
});

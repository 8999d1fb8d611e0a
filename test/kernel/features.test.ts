import { expect } from 'chai';
import { heldCapabilities } from '../../src/kernel/capabilities.ts';
import { probeFeatures } from '../../src/kernel/features.ts';
import type { Feature } from '../../src/kernel/features.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import { SystemError } from '../../src/kernel/system-error.ts';
import { openDescriptorCount, openRealKernel } from '../support/real-kernel.ts';

const status = (effective: string) => `Name:\tnode\nCapPrm:\t0\nCapEff:\t${effective}\nCapBnd:\t0\n`;
const capabilitiesIn = (effective: string) =>
  [...heldCapabilities(recordingKernel({ answers: { readTextFile: () => status(effective) } }))].sort();

const byName = (features: readonly Feature[], name: string) => features.find((feature) => feature.name === name)!;

/** A kernel on which everything works, with files as given. */
function workingKernel(files: Readonly<Record<string, string>>, errnos: Readonly<Record<string, number>> = {}) {
  return recordingKernel({
    answers: {
      fileSystemType: () => 0xcafe4a11,
      readTextFile(path) {
        const text = files[path];
        if (text === undefined) throw new SystemError(`read ${path}`, 13);
        return text;
      },
    },
    failures: Object.entries({ 'bpf(LINK_CREATE)': 19, ...errnos }).map(([call, errno]) => ({ call, nth: 1, errno })),
  });
}

const goodFiles = {
  '/proc/self/status': status('000001ffffffffff'),
  '/proc/sys/net/core/bpf_jit_enable': '1\n',
  '/proc/sys/net/core/bpf_jit_harden': '0\n',
  '/proc/sys/kernel/unprivileged_bpf_disabled': '2\n',
};

describe('capabilities', () => {
  it("are read from the process's status", () => {
    expect(capabilitiesIn('0000000000000000')).to.deep.equal([]);
    expect(capabilitiesIn('0000008000003000')).to.deep.equal(['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_NET_RAW']);
    expect(capabilitiesIn('0000000000200000')).to.deep.equal(['CAP_BPF', 'CAP_PERFMON', 'CAP_SYS_ADMIN']);
  });
});

describe('features', () => {
  it('are all there on a good kernel, and nothing is left open', () => {
    const kernel = workingKernel(goodFiles);
    const features = probeFeatures(kernel);
    expect(features.filter(({ available }) => !available)).to.deep.equal([]);
    expect(kernel.openDescriptors.size).to.equal(0);
  });

  it('name the missing capabilities', () => {
    const kernel = workingKernel({ ...goodFiles, '/proc/self/status': status('0000000000001000') });
    expect(byName(probeFeatures(kernel), 'attach')).to.deep.equal({
      name: 'attach',
      available: false,
      detail: 'CAP_BPF missing: cannot load and attach programs',
      remedy: 'run as root, or with CAP_BPF',
    });
  });

  it('say what an old kernel lacks', () => {
    const noTcx = probeFeatures(workingKernel(goodFiles, { 'bpf(LINK_CREATE)': 22 }));
    expect(byName(noTcx, 'tcx-link')).to.include({ available: false, remedy: 'a kernel from Linux 6.6 on' });
    const noBatches = probeFeatures(workingKernel(goodFiles, { 'bpf(MAP_UPDATE_BATCH)': 22 }));
    expect(byName(noBatches, 'batch')).to.include({ available: false, remedy: 'a kernel from Linux 5.6 on' });
    const kernel = workingKernel(goodFiles, { 'bpf(PROG_TEST_RUN)': 524 });
    expect(byName(probeFeatures(kernel), 'test-run').available).to.equal(false);
    expect(kernel.openDescriptors.size).to.equal(0);
  });

  it('say what settings cost', () => {
    const slow = { '/proc/sys/net/core/bpf_jit_enable': '0\n', '/proc/sys/net/core/bpf_jit_harden': '2\n' };
    const features = probeFeatures(workingKernel({ ...goodFiles, ...slow }));
    expect(byName(features, 'jit').remedy).to.equal('sysctl net.core.bpf_jit_enable=1');
    expect(byName(features, 'jit-harden').remedy).to.equal('sysctl net.core.bpf_jit_harden=1');
  });
});

describe('features of the real kernel', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('are found, and nothing is left open', () => {
    const descriptors = openDescriptorCount(kernel);
    const features = probeFeatures(kernel);
    for (const name of ['attach', 'xdp', 'xdp-frags', 'tc', 'test-run', 'batch'])
      expect(byName(features, name).available, name).to.equal(true);
    for (const { available, detail, remedy } of features) {
      expect(detail).to.not.equal('');
      expect(remedy === undefined).to.equal(available);
    }
    expect(openDescriptorCount(kernel)).to.equal(descriptors);
  });
});

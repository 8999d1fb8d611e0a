import { expect } from 'chai';
import { inspectBpffs, provideBpffs } from '../../src/kernel/bpffs.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { recordingKernel } from '../../src/kernel/recording.ts';
import type { Failure } from '../../src/kernel/recording.ts';
import { SystemError } from '../../src/kernel/system-error.ts';

const bpffs = () => 0xcafe4a11;
const sysfs = () => 0x62656572;
/** Process 1 shares our mount namespace, has another one, or may not be looked at. */
const main = () => 7n;
const privateMounts = (path: string) => (path.includes('/1/') ? 7n : 8n);
const hidden = (own: bigint) => (path: string) => {
  if (path.includes('/1/')) throw new SystemError('stat', 13);
  return own;
};

const kernelWith = (answers: Partial<Kernel>, failures: readonly Failure[] = []) =>
  recordingKernel({ answers, failures });

describe('the bpffs', () => {
  it('is used where it is mounted', () => {
    const kernel = kernelWith({ fileSystemType: bpffs, inodeOf: main });
    expect(provideBpffs(kernel)).to.deep.equal({ kind: 'mounted', lasting: true });
    expect(kernel.count('mountFileSystem')).to.equal(0);
  });

  it('is mounted where it is missing', () => {
    const kernel = kernelWith({ fileSystemType: sysfs, inodeOf: main });
    expect(inspectBpffs(kernel)).to.include({ kind: 'absent', reason: 'no bpffs is mounted on /sys/fs/bpf' });
    expect(provideBpffs(kernel)).to.deep.equal({ kind: 'mounted', lasting: true });
    const mounts = kernel.calls.filter(({ call }) => call === 'mountFileSystem').map(({ values }) => values);
    expect(mounts).to.deep.equal([['bpf', '/sys/fs/bpf']]);
  });

  it('is not mounted in a private mount namespace, and pins in one there do not last', () => {
    const absent = kernelWith({ fileSystemType: sysfs, inodeOf: privateMounts });
    expect(provideBpffs(absent)).to.have.property('remedy').that.includes('--netns NAME');
    expect(absent.count('mountFileSystem')).to.equal(0);
    const present = kernelWith({ fileSystemType: bpffs, inodeOf: privateMounts });
    expect(provideBpffs(present)).to.deep.equal({ kind: 'mounted', lasting: false });
  });

  it('where process 1 may not be looked at, the inode of the initial mount namespace tells', () => {
    const lasting = [0xeffffff8n, 0xf0000000n, 0xf0000001n, 0xf00001bcn].map((inode) =>
      inspectBpffs(kernelWith({ fileSystemType: bpffs, inodeOf: hidden(inode) })),
    );
    expect(lasting).to.deep.equal([true, true, true, false].map((each) => ({ kind: 'mounted', lasting: each })));
  });

  it('that cannot be mounted is told with the reason', () => {
    const kernel = kernelWith({ fileSystemType: sysfs, inodeOf: main }, [
      { call: 'mountFileSystem', nth: 1, errno: 1 },
    ]);
    expect(provideBpffs(kernel)).to.include({
      kind: 'absent',
      reason:
        'no bpffs is mounted on /sys/fs/bpf, and mounting it failed: mountFileSystem: operation not permitted (EPERM)',
    });
  });

  it('has no place without /sys', () => {
    const kernel = kernelWith({ inodeOf: main }, [{ call: 'fileSystemType', nth: 1, errno: 2 }]);
    expect(inspectBpffs(kernel)).to.include({ kind: 'absent', reason: 'there is no /sys/fs/bpf' });
  });
});

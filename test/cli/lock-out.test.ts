import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { withLaboratory } from '../appliance/laboratory.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { pktfIn } from './pktf.ts';

const environment = { SSH_CONNECTION: '10.77.0.1 50000 10.77.0.2 22' };

describe('pktf attach in an SSH session', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  /** As `sudo` does: another process, whose environment has been cleared. Not `exec`: the shell stays between. */
  const cleared = ['sh', '-c', 'env -u SSH_CONNECTION "$@"; exit $?', 'sudo'];
  const ways: readonly (readonly [string, readonly string[]])[] = [
    ['its own environment', []],
    ['an ancestor’s, its own being cleared', cleared],
    [
      'one two processes up',
      [...cleared, 'env', '-i', `PATH=${process.env['PATH']}`, 'sh', '-c', '"$@"; exit $?', 'sh'],
    ],
  ];
  for (const [where, under] of ways) {
    it(`does not cut it, known from ${where}`, () =>
      withLaboratory(kernel, ({ b }) => {
        const words = ['attach', 'vb', 'tcp port 22', '--action', 'drop', '--netns', b.name];
        const { code, stdout, stderr } = pktfIn({ environment, under }, ...words);
        expect([code, stdout], stderr).to.deep.equal([1, '']);
        expect(stderr).to.equal(
          'error: this would cut your own SSH session (10.77.0.1 port 50000 to 10.77.0.2 port 22): ' +
            'it drops its bare acknowledgements\n  help: let that through, or add --force if you have another way in\n',
        );
        expect(b.run('ip', '-d', 'link', 'show', 'vb')).not.to.include('xdp');
        expect(pktfIn({ environment, under }, ...words, '--force').code).to.equal(0);
      }));
  }
});

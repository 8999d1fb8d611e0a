import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { frame } from '../appliance/frames.ts';
import { silence, withLaboratory } from '../appliance/laboratory.ts';
import { openRealKernel } from '../support/real-kernel.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** Compiled beside the tests; `pktf` is this package itself. */
const example = (name: string): string => fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));

describe('examples', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('count-matches tells which packets match', () => {
    const printed = execFileSync(process.execPath, [example('count-matches'), 'test/pcaps/mixed.pcap', 'vlan'], {
      encoding: 'utf8',
      cwd: root,
    });
    expect(printed).to.match(/^(packet \d+: \d+ bytes\n)+\d+ of 30 packets match\n$/);
  });

  it('count-matches draws what is wrong with a filter', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [example('count-matches'), 'test/pcaps/mixed.pcap', 'tcp prot 22'],
      {
        encoding: 'utf8',
        cwd: root,
      },
    );
    expect([status, stdout]).to.deep.equal([1, '']);
    expect(stderr).to.match(/^filter:1:5: error: .*\ntcp prot 22\n {4}\^\^\^\^\n$/);
  });

  it('watch-port counts on an interface and takes its program off again', () =>
    withLaboratory(kernel, async (namespaces) => {
      silence(namespaces);
      const { a, b } = namespaces;
      const child = b.start(process.execPath, example('watch-port'), 'vb', '22', '1.5');
      let printed = '';
      child.stdout!.on('data', (data) => (printed += String(data)));
      const ended = new Promise((resolve) => child.once('close', resolve));
      while (!b.run('ip', '-d', 'link', 'show', 'vb').includes('xdp')) {
        expect(child.exitCode).to.equal(null);
      }
      const ssh = frame('tcp 10.0.0.1:7 > 10.0.0.2:22');
      a.send(ssh, frame('tcp 10.0.0.1:7 > 10.0.0.2:80'), ssh);
      expect(await ended).to.equal(0);
      expect(printed).to.equal(`2 packets, ${2 * ssh.length} bytes\n`);
      expect(b.run('ip', '-d', 'link', 'show', 'vb')).not.to.include('xdp');
    }));
});

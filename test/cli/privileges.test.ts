import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { withLaboratory } from '../appliance/laboratory.ts';
import type { Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { pktfIn, pktfPath, type Finished } from './pktf.ts';
import { hasTool } from './tool.ts';

/**
 * Runs pktf in a namespace, by a process that holds no capabilities but these. (`ip netns exec` would give it a bpffs
 * of its own, and `--netns` wants CAP_SYS_ADMIN.)
 */
function pktfWith(capabilities: readonly string[], at: Namespace, ...words: readonly string[]): Finished {
  const bounds = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const under = ['nsenter', `--net=/run/netns/${at.name}`, 'setpriv', '--inh-caps=-all', `--bounding-set=${bounds}`];
  return pktfIn({ under }, ...words);
}

const attaching = ['bpf', 'net_admin'];

describe('pktf with few capabilities', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
    for (const tool of ['nsenter', 'setpriv']) requireOrSkip(this, 'oracle', hasTool(tool), `there is no ${tool}`);
  });

  for (const place of [
    ['--hook', 'xdp'],
    ['--hook', 'tc'],
    ['--hook', 'tc-egress'],
    ['--link'],
    ['--hook', 'tc', '--link'],
  ]) {
    it(`CAP_BPF and CAP_NET_ADMIN suffice to attach, replace, look and detach (${place.join(' ')})`, () =>
      withLaboratory(kernel, ({ a }) => {
        const run = (capabilities: readonly string[], ...words: readonly string[]) => {
          const { code, stdout, stderr } = pktfWith(capabilities, a, ...words);
          expect([code, stderr], words.join(' ')).to.deep.equal([0, '']);
          return stdout;
        };
        // A filter that reads at computed offsets, where the verifier asks for CAP_PERFMON.
        run(attaching, 'attach', 'va', 'tcp port 22', ...place);
        run(attaching, 'attach', 'va', 'tcp[tcpflags] & tcp-syn != 0', '--replace', ...place);
        for (const command of ['counters', 'status']) {
          for (const name of [[], ['va']]) {
            const [shown] = JSON.parse(run(['net_admin'], command, ...name, '--json')) as [{ rules: unknown[] }];
            expect(shown.rules, command).to.have.lengthOf(3);
          }
        }
        run(['net_admin'], 'counters', 'va', '--reset');
        run(['net_admin'], 'detach', 'va');
        expect(run([], 'status')).to.equal('nothing is attached\n');
      }));
  }

  it('names the capability that is missing', () =>
    withLaboratory(kernel, ({ a }) => {
      const refused = (capabilities: readonly string[], ...words: readonly string[]): string => {
        const { code, stdout, stderr } = pktfWith(capabilities, a, ...words);
        expect([code, stdout], stderr).to.deep.equal([3, '']);
        expect(stderr.trimEnd().split('\n'), stderr).to.have.lengthOf.within(1, 2);
        return stderr.split('\n')[0]!;
      };
      expect(refused([], 'attach', 'va', 'tcp')).to.equal('error: attaching to va needs CAP_BPF and CAP_NET_ADMIN');
      expect(refused(['net_admin'], 'attach', 'va', 'tcp')).to.equal('error: attaching to va needs CAP_BPF');
      for (const hook of ['xdp', 'tc', 'tc-egress']) {
        const said = refused(['bpf'], 'attach', 'va', 'tcp', '--hook', hook);
        expect(said, hook).to.equal('error: attaching to va needs CAP_NET_ADMIN');
      }
      expect(refused([], 'capture', 'va', '-c', '1')).to.equal('error: capturing on va needs CAP_NET_RAW');
      expect(refused(['net_admin'], 'status', '--netns', a.name)).to.equal(
        `error: entering the network namespace ${a.name} needs CAP_SYS_ADMIN`,
      );
      expect(pktfWith(attaching, a, 'attach', 'va', 'tcp').code).to.equal(0);
      expect(refused([], 'detach', 'va')).to.equal('error: detaching from va needs CAP_NET_ADMIN');
      expect(pktfWith(['net_admin'], a, 'detach', 'va').code).to.equal(0);
    }));

  it('without pins, programs are looked up by their ids, which wants CAP_SYS_ADMIN', () =>
    withLaboratory(kernel, ({ a }) => {
      // Inside `ip netns exec` pins would not last, so none are made.
      a.run(process.execPath, pktfPath, 'attach', 'va', 'tcp');
      const hidden = pktfWith(['net_admin'], a, 'counters');
      expect([hidden.code, hidden.stdout]).to.deep.equal([3, '']);
      expect(hidden.stderr).to.include('without pins').and.include('CAP_SYS_ADMIN');
      expect(pktfWith(['net_admin'], a, 'status').stdout).to.match(/^va \(xdp, native\): program \d+/);
      expect(pktfWith(['net_admin'], a, 'detach', 'va').stderr).to.include('needs CAP_SYS_ADMIN');
      expect(pktfWith(['net_admin', 'sys_admin'], a, 'counters').stdout).to.include('match');
      expect(pktfWith(['net_admin', 'sys_admin'], a, 'detach', 'va').code).to.equal(0);
    }));

  it('features and everything offline run without any', () =>
    withLaboratory(kernel, ({ a }) => {
      const features = pktfWith([], a, 'features', '--json');
      expect(features.code).to.equal(0);
      const found = JSON.parse(features.stdout) as { name: string; available: boolean; remedy?: string }[];
      for (const { name, available, remedy } of found) if (!available) expect(remedy, name).to.be.a('string');
      expect(found.filter(({ available }) => !available).map(({ name }) => name)).to.include.members([
        'attach',
        'capture',
        'netns',
        'xdp',
        'tc',
      ]);
      expect(pktfWith([], a, 'compile', '-ddd', 'tcp').code).to.equal(0);
    }));
});

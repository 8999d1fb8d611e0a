import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { withNamespaces } from '../support/netns.ts';
import type { Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';

const root = new URL('../../', import.meta.url);

/** Runs a script in a process that holds no capabilities but these. @returns what it printed, JSON */
function runWith(at: Namespace, capabilities: readonly string[], script: string): unknown {
  const bounds = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const prelude = `
    const load = (path) => import(new URL(path, ${JSON.stringify(root.href)}));
    const { openLinuxKernel } = await load('src/kernel/linux/index.js');
    const { loadXdp, loadTc } = await load('test/support/tiny-program.js');
    const xdp = await load('src/xdp/attach.js');
    const tc = await load('src/tc/attach.js');
    const { inspectXdp } = await load('src/xdp/inspect.js');
    const { inspectTc } = await load('src/tc/inspect.js');
    const { programInfo } = await load('src/kernel/bpf/info.js');
    const { openPacketSocket } = await load('src/kernel/packet-socket.js');
    const { heldCapabilities } = await load('src/kernel/capabilities.js');
    const kernel = openLinuxKernel();
    const ifindex = ${at.ifindex};
    const refusal = (action) => { try { action(); } catch (error) { return error.code + ': ' + error.message; } };
    const print = (value) => console.log(JSON.stringify(value));
  `;
  const node = [process.execPath, '--input-type=module', '-e', prelude + script];
  const words = [`--bounding-set=${bounds}`, ...node];
  return JSON.parse(at.inside(() => execFileSync('setpriv', words, { encoding: 'utf8' })));
}

describe('the least capabilities', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  it('to load, attach, inspect and detach are CAP_BPF and CAP_NET_ADMIN', () =>
    withNamespaces(kernel, ({ a }) => {
      const script = `
        const found = { capabilities: [...heldCapabilities(kernel)].sort() };
        const program = loadXdp(kernel, 2);
        xdp.attachXdp(kernel, { ifindex, mode: 'native', programDescriptor: program });
        found.xdp = inspectXdp(kernel, ifindex).map(({ mode, heldBy }) => [mode, heldBy.kind]);
        xdp.detachXdp(kernel, { ifindex, mode: 'native' }, { kind: 'program', descriptor: program });
        const classifier = loadTc(kernel, -1);
        tc.attachTc(kernel, { ifindex, direction: 'egress', programDescriptor: classifier });
        found.tc = inspectTc(kernel, ifindex, 'egress').filters.length;
        tc.detachTc(kernel, { ifindex, direction: 'egress' }, programInfo(kernel, classifier).id);
        found.tcx = tc.attachTcxLink(kernel, { ifindex, direction: 'ingress', programDescriptor: classifier }) > 0;
        print(found);
      `;
      expect(runWith(a, ['bpf', 'net_admin'], script)).to.deep.equal({
        capabilities: ['CAP_BPF', 'CAP_NET_ADMIN'],
        // Whether a link holds it, only CAP_SYS_ADMIN can tell.
        xdp: [['native', 'unknown']],
        tc: 1,
        tcx: true,
      });
    }));

  it('without one of them the refusal names both', () =>
    withNamespaces(kernel, ({ a }) => {
      const load = 'print(refusal(() => loadXdp(kernel, 2)));';
      expect(runWith(a, ['net_admin'], load)).to.match(/^EPERM: bpf\(PROG_LOAD\): operation not permitted/);
      const detach = "print(refusal(() => xdp.detachXdp(kernel, { ifindex, mode: 'native' }, { kind: 'anything' })));";
      expect(runWith(a, ['bpf'], detach)).to.equal('not-permitted: va: RTM_SETLINK: operation not permitted (EPERM)');
    }));

  it('to capture is CAP_NET_RAW', () =>
    withNamespaces(kernel, ({ a }) => {
      const capture =
        "print(refusal(() => openPacketSocket(kernel, { ifindex, layer: 'raw', promiscuous: true })) ?? 'open');";
      expect(runWith(a, ['net_raw'], capture)).to.equal('open');
      expect(runWith(a, ['net_admin', 'bpf'], capture)).to.equal('EPERM: socket: operation not permitted (EPERM)');
    }));
});

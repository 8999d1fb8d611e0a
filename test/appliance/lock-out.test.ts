import { expect } from 'chai';
import { ApplianceError } from '../../src/appliance/appliance-error.ts';
import { attachFilter, type AttachRequest } from '../../src/appliance/attach.ts';
import { detachFilter } from '../../src/appliance/detach.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { withLaboratory } from './laboratory.ts';

/** The peer is `a`, the session's end here is `b`, port 22. */
const overIpv4 = '10.77.0.1 50000 10.77.0.2 22';
const overIpv6 = 'fd77::1 50000 fd77::2 22';
const behindGateway = '198.51.100.9 50000 10.77.0.2 22';

type Try = Omit<AttachRequest, 'interface'>;

const cutting: readonly (readonly [why: string, session: string, request: Try, says: string])[] = [
  ['drops its port', overIpv4, { filter: 'tcp port 22', action: 'drop' }, 'its bare acknowledgements'],
  ['drops what comes for it', overIpv4, { filter: 'dst port 22', action: 'drop' }, 'its bare acknowledgements'],
  ['drops its long segments', overIpv4, { filter: 'greater 1000', action: 'drop' }, 'segments with 1440 bytes'],
  ['drops its peer', overIpv6, { filter: 'src host fd77::1', action: 'drop' }, 'its bare acknowledgements'],
  ['drops the peer’s ARP', overIpv4, { filter: 'arp', action: 'drop' }, 'the ARP requests it needs'],
  ['drops ARP replies', overIpv4, { filter: 'arp[6:2] = 2', action: 'drop' }, 'the ARP replies it needs'],
  ['drops neighbour discovery', overIpv6, { filter: 'icmp6', action: 'drop' }, 'neighbour solicitations'],
  ['lets no ARP pass', overIpv4, { filter: 'tcp port 22', action: 'pass' }, 'the ARP requests it needs'],
  ['lets nothing pass but ARP', overIpv4, { filter: 'arp', action: 'pass' }, 'its bare acknowledgements'],
  ['lets no discovery pass', overIpv6, { filter: 'tcp port 22', action: 'pass' }, 'neighbour solicitations'],
  ['drops at TC', overIpv4, { filter: 'tcp port 22', action: 'drop', hook: 'tc' }, 'its bare acknowledgements'],
  [
    'drops what it sends',
    overIpv4,
    { filter: 'src port 22', action: 'drop', hook: 'tc-egress' },
    'its bare acknowledgements',
  ],
  [
    'lets no ARP of the gateway pass',
    behindGateway,
    { filter: 'tcp port 22 or arp host 198.51.100.9', action: 'pass' },
    'the ARP requests it needs',
  ],
];

const sparing: readonly (readonly [why: string, session: string, request: Try])[] = [
  ['counts', overIpv4, { filter: 'tcp port 22' }],
  ['drops another port', overIpv4, { filter: 'tcp port 80', action: 'drop' }],
  ['drops the other direction at XDP', overIpv4, { filter: 'src port 22', action: 'drop' }],
  ['drops the other direction at TC egress', overIpv4, { filter: 'dst port 22', action: 'drop', hook: 'tc-egress' }],
  ['lets ARP and the port pass', overIpv4, { filter: 'arp or tcp port 22', action: 'pass' }],
  ['lets discovery and the port pass', overIpv6, { filter: 'icmp6 or tcp port 22', action: 'pass' }],
  ['drops IPv6', overIpv4, { filter: 'ip6', action: 'drop' }],
  ['lets the gateway’s ARP pass', behindGateway, { filter: 'tcp port 22 or arp host 10.77.0.1', action: 'pass' }],
  ['is forced', overIpv4, { filter: 'tcp', action: 'drop', force: true }],
];

describe('enforcing in an SSH session', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  const attachIn = (session: string | undefined, at: Namespace, request: AttachRequest): void => {
    const { programId } = at.inside(() => attachFilter(inSession(kernel, session), request));
    expect(programId).to.be.greaterThan(0);
    at.inside(() => detachFilter(kernel, { interface: request.interface }));
  };

  it('is refused where it would cut that session', () =>
    withLaboratory(kernel, ({ b }) => {
      b.run('ip', 'route', 'add', '198.51.100.0/24', 'via', '10.77.0.1');
      for (const [why, session, request, says] of cutting) {
        expect(() => attachIn(session, b, { interface: 'vb', ...request }), why)
          .to.throw(ApplianceError, says)
          .with.property('code', 'lock-out');
      }
      expect(() => attachIn(overIpv4, b, { interface: 'vb', filter: 'tcp', action: 'drop' })).to.throw(
        'this would cut your own SSH session (10.77.0.1 port 50000 to 10.77.0.2 port 22)',
      );
    }));

  it('is done where it would not', () =>
    withLaboratory(kernel, ({ b }) => {
      b.run('ip', 'route', 'add', '198.51.100.0/24', 'via', '10.77.0.1');
      for (const [, session, request] of sparing) attachIn(session, b, { interface: 'vb', ...request });
    }));

  it('looks at replacements, too', () =>
    withLaboratory(kernel, ({ b }) => {
      b.inside(() => attachFilter(kernel, { interface: 'vb', filter: 'tcp port 22' }));
      const request = { interface: 'vb', filter: 'tcp port 22', action: 'drop', replace: true } as const;
      expect(() => attachIn(overIpv4, b, request)).to.throw(ApplianceError, 'your own SSH session');
    }));

  it('knows the bridge that the session is on, and its members', async function () {
    await withLaboratory(kernel, ({ b }) => {
      const ip = (words: string): string => b.run('ip', ...words.split(' '));
      try {
        ip('link add name bridge0 type bridge');
      } catch {
        requireOrSkip(this, 'bridge', false, 'the kernel has no bridges');
      }
      ip('address flush dev vb');
      ip('link set vb master bridge0');
      ip('address add 10.77.0.2/24 dev bridge0');
      ip('link set bridge0 up');
      for (const name of ['vb', 'bridge0']) {
        const request = { interface: name, filter: 'tcp port 22', action: 'drop' } as const;
        expect(() => attachIn(overIpv4, b, request), name).to.throw(ApplianceError, 'your own SSH session');
        attachIn(overIpv4, b, { ...request, filter: 'arp or tcp port 22', action: 'pass' });
      }
    });
  });

  it('knows which interface the session is on', () =>
    withLaboratory(kernel, ({ a, b }) => {
      const request = { filter: 'tcp', action: 'drop' } as const;
      attachIn(overIpv4, b, { interface: 'lo', ...request });
      // There nobody has the session's address.
      attachIn(overIpv4, a, { interface: 'va', ...request });
      attachIn('garbage', b, { interface: 'vb', ...request });
      attachIn('::ffff:10.77.0.1 50000 ::ffff:10.77.0.2 22', a, { interface: 'va', ...request });
      attachIn(undefined, b, { interface: 'vb', ...request });
    }));
});

/** The kernel as a process sees it that was started in an SSH session, or in none. */
function inSession(kernel: Kernel, connection: string | undefined): Kernel {
  return {
    ...kernel,
    readTextFile(path) {
      if (!path.endsWith('/environ')) return kernel.readTextFile(path);
      return connection === undefined ? 'PATH=/bin\0' : `PATH=/bin\0SSH_CONNECTION=${connection}\0TERM=xterm\0`;
    },
  };
}

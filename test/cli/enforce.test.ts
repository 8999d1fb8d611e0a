import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { eventually } from '../appliance/eventually.ts';
import { silence, withLaboratory } from '../appliance/laboratory.ts';
import { pinsHere } from '../appliance/place.ts';
import { openById } from '../../src/kernel/bpf/id.ts';
import type { Namespace } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { tcpdumpPackets } from '../support/tcpdump.ts';
import { pktfJson, pktfPrints } from './pktf.ts';
import { hasTool } from './tool.ts';
import { startClient, startEchoServers, type Client } from './tcp.ts';

const hooks = ['xdp', 'tc', 'tc-egress'] as const;

interface Attached {
  readonly programId: number;
}

describe('pktf attach, on real TCP sessions', () => {
  let kernel: Kernel;
  const directory = mkdtempSync(join(tmpdir(), 'pktf-enforce-'));
  after(() => rmSync(directory, { recursive: true }));
  before(async function () {
    kernel = await openRealKernel(this);
    for (const tool of ['bpftool', 'tc', 'tcpdump'])
      requireOrSkip(this, 'oracle', hasTool(tool), `there is no ${tool}`);
  });

  for (const hook of hooks) {
    it(`--action drop cuts port 22 and not port 80, new sessions and old, until it is detached (${hook})`, () =>
      withLaboratory(kernel, async ({ a, b }) => {
        await startEchoServers(b, 22, 80);
        const client = await startClient(a);
        const ends = [b.ipv4, b.ipv6].flatMap((host) => [22, 80].map((port) => ({ host, port })));
        const sessions = await Promise.all(ends.map(({ host, port }) => client.connect(host, port)));
        const echoes = (text: string) => Promise.all(sessions.map((session) => session.echoes(text)));
        expect(await echoes('before')).to.deep.equal([true, true, true, true]);

        const words = ['va', 'tcp port 22', '--action', 'drop', '--hook', hook, '--netns', a.name];
        const { programId } = pktfJson('attach', ...words) as Attached;
        expectSeenByOthers(a, hook, programId);
        const [old, fresh] = await Promise.all([echoes('during'), opens(client, ends)]);
        expect(old).to.deep.equal([false, true, false, true]);
        expect(fresh).to.deep.equal([false, true, false, true]);

        const objects = objectsOf(a, programId);
        expect(objects.maps.length).to.be.greaterThan(1);
        const said = pktfPrints('detach', 'va', '--netns', a.name);
        expect(said).to.equal(`detached program ${programId} from va (${hook})\n`);
        await expectNothingLeft(kernel, a, objects);
        expect(await opens(client, ends)).to.deep.equal([true, true, true, true]);
      }));

    it(`--action pass leaves port 22 with ARP and neighbour discovery, and cuts port 80 (${hook})`, () =>
      withLaboratory(kernel, async ({ a, b }) => {
        await startEchoServers(b, 22, 80);
        const client = await startClient(a);
        const words = ['va', 'arp or icmp6 or tcp port 22', '--action', 'pass', '--hook', hook, '--netns', a.name];
        pktfPrints('attach', ...words);
        const ends = [b.ipv4, b.ipv6].flatMap((host) => [22, 80].map((port) => ({ host, port })));
        expect(await opens(client, ends)).to.deep.equal([true, false, true, false]);
      }));
  }

  it('counts what was sent, packet for packet and byte for byte, as pktf counters --json tells', () =>
    withLaboratory(kernel, async (namespaces) => {
      silence(namespaces);
      const { a, b } = namespaces;
      const places = [
        { at: b, name: 'vb', hook: 'xdp' },
        { at: b, name: 'vb', hook: 'tc' },
        { at: a, name: 'va', hook: 'tc-egress' },
      ];
      for (const { at, name, hook } of places) {
        pktfPrints('attach', name, 'tcp', 'port', '22', '--hook', hook, '--netns', at.name);
      }
      await startEchoServers(b, 22, 80);
      const client = await startClient(a);
      const wire = join(directory, 'wire.pcap');
      const stop = await startTcpdump(a, '-i', 'va', '-Q', 'out', '-s', '100', '-w', wire);
      const sessions = await Promise.all([22, 80].map((port) => client.connect(b.ipv4, port)));
      for (const session of sessions) expect(await session.echoes('x'.repeat(50_000))).to.equal(true);
      await stop();
      const [match, byDefault] = ['tcp port 22', ''].map((filter) => total(tcpdumpPackets(wire, filter)));
      for (const { at, name, hook } of places) {
        const reports = pktfJson('counters', name, '--netns', at.name) as Report[];
        const { rules } = reports.find((report) => report.hook === hook)!;
        expect(rules, hook).to.deep.equal([
          { name: 'match', action: 'count', ...match },
          { name: 'default', action: 'pass', ...byDefault },
          { name: 'malformed', action: 'pass', packets: 0, bytes: 0 },
        ]);
      }
    }));
});

interface Report {
  readonly hook: string;
  readonly rules: readonly unknown[];
}

function total(packets: readonly { readonly length: number }[]): { packets: number; bytes: number } {
  return { packets: packets.length, bytes: packets.reduce((sum, { length }) => sum + length, 0) };
}

/** Starts a capture and waits until it runs. @returns what ends it and waits until its file is whole */
async function startTcpdump(at: Namespace, ...words: readonly string[]): Promise<() => Promise<void>> {
  const child = at.start('tcpdump', '--immediate-mode', ...words);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve) => {
    child.stderr!.on('data', (data) => String(data).includes('listening on') && resolve());
  });
  return () => {
    child.kill('SIGINT');
    return ended;
  };
}

interface End {
  readonly host: string;
  readonly port: number;
}

async function opens(client: Client, ends: readonly End[]): Promise<readonly boolean[]> {
  const sessions = await Promise.all(ends.map(({ host, port }) => client.connect(host, port)));
  return sessions.map(({ open }) => open);
}

/** The tools of others show the program as they show their own. */
function expectSeenByOthers(at: Namespace, hook: (typeof hooks)[number], programId: number): void {
  if (hook === 'xdp') {
    expect(at.run('ip', '-d', 'link', 'show', 'va')).to.match(new RegExp(`prog/xdp id ${programId} name pktf_xdp`));
  } else {
    const filters = at.run('tc', 'filter', 'show', 'dev', 'va', hook === 'tc' ? 'ingress' : 'egress');
    expect(filters).to.match(new RegExp(`pktf.* direct-action.* id ${programId}`));
  }
  expect(at.run('bpftool', 'prog', 'show', 'id', String(programId))).to.match(/name pktf_(xdp|tc)\b/);
}

interface BpfObjects {
  readonly program: number;
  readonly maps: readonly number[];
}

function objectsOf(at: Namespace, program: number): BpfObjects {
  const shown = JSON.parse(at.run('bpftool', '-j', 'prog', 'show', 'id', String(program))) as { map_ids?: number[] };
  return { program, maps: shown.map_ids ?? [] };
}

async function expectNothingLeft(kernel: Kernel, at: Namespace, { program, maps }: BpfObjects): Promise<void> {
  expect(at.run('ip', '-d', 'link', 'show', 'va')).not.to.include('xdp');
  expect(at.run('tc', 'qdisc', 'show', 'dev', 'va')).not.to.include('clsact');
  expect(at.inside(() => pinsHere(kernel))).to.deep.equal([]);
  // The kernel frees them when no CPU can be running the program any more.
  await eventually(() => !exists(kernel, 'program', program) && !maps.some((map) => exists(kernel, 'map', map)));
}

function exists(kernel: Kernel, kind: 'program' | 'map', id: number): boolean {
  try {
    kernel.close(openById(kernel, kind, id));
    return true;
  } catch {
    return false;
  }
}

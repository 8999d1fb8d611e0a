import { expect } from 'chai';
import { spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { eventually } from '../appliance/eventually.ts';
import { frame } from '../appliance/frames.ts';
import { silence } from '../appliance/laboratory.ts';
import { readFile } from '../support/capture.ts';
import { withNamespaces, type Namespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { hasTcpdump, tcpdumpPackets } from '../support/tcpdump.ts';
import { expectDecent, pktfPath, startPktf, type Finished } from './pktf.ts';

const [dns, web] = [frame('udp 10.0.0.1:7 > 10.0.0.2:53 len 90'), frame('udp 10.0.0.1:7 > 10.0.0.2:80 len 1400')];

/** A capture that runs. */
interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Finished>;
}

/** More lines than a pipe holds. */
const everySyn = fileURLToPath(new URL('../../../test/pcaps/ssh.pcap', import.meta.url));

const started: ChildProcessWithoutNullStreams[] = [];

/** Starts `pktf capture` in `b` and waits until it listens. */
async function startCapture({ b }: Namespaces, ...words: readonly string[]): Promise<Running> {
  const child = startPktf('capture', 'vb', ...words, '--netns', b.name);
  started.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data) => (stdout += String(data)));
  child.stderr.on('data', (data) => (stderr += String(data)));
  const ended = new Promise<Finished>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  await Promise.race([ended, untilListening(b.name)]);
  return { child, ended };
}

/** A packet socket with a filter stands in the namespace's list once it is bound. */
async function untilListening(name: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const sockets = spawnSync('ip', ['netns', 'exec', name, 'cat', '/proc/net/packet'], { encoding: 'utf8' }).stdout;
    // Protocol 0003: all of them, which it is bound to last.
    if (sockets.split('\n').some((line) => line.split(/\s+/)[3] === '0003')) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the capture does not begin');
}

describe('pktf capture', () => {
  let kernel: Kernel;
  const directory = mkdtempSync(join(tmpdir(), 'pktf-live-'));
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
  });
  after(() => rmSync(directory, { recursive: true }));
  before(async function () {
    kernel = await openRealKernel(this);
    requireOrSkip(this, 'oracle', hasTcpdump(), 'there is no tcpdump');
  });

  const inQuiet = <Result>(action: (namespaces: Namespaces) => Promise<Result>): Promise<Result> =>
    withNamespaces(kernel, (namespaces) => {
      silence(namespaces);
      return action(namespaces);
    });

  it('ends after -c packets, and tells what the kernel dropped', () =>
    inQuiet(async (namespaces) => {
      const file = join(directory, 'two.pcap');
      const { ended } = await startCapture(namespaces, 'udp port 53', '-w', file, '-c', '2', '--json');
      namespaces.a.send(web, dns, web, dns, dns);
      const finished = await ended;
      expectDecent(finished, ['capture']);
      expect(finished.code).to.equal(0);
      expect(JSON.parse(finished.stdout)).to.deep.include({ captured: 2, dropped: 0 });
      expect(finished.stderr).to.include('2 packets captured').and.include('0 packets dropped by kernel');
      expect(tcpdumpPackets(file).map(({ bytes }) => bytes)).to.deep.equal([dns, dns].map(hexadecimal));
    }));

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`interrupted (${signal}), leaves a file that opens, with all that came`, () =>
      inQuiet(async (namespaces) => {
        const file = join(directory, `${signal}.pcap`);
        const { child, ended } = await startCapture(namespaces, '-w', file);
        namespaces.a.send(web, dns, web);
        await untilWritten(file);
        child.kill(signal);
        const finished = await ended;
        expectDecent(finished, ['capture']);
        expect(finished.code).to.equal(0);
        expect(finished.stderr).to.include('3 packets captured');
        expect(tcpdumpPackets(file).map(({ bytes }) => bytes)).to.deep.equal([web, dns, web].map(hexadecimal));
      }));
  }

  it('interrupted before a packet came, leaves a file without packets', () =>
    inQuiet(async (namespaces) => {
      const file = join(directory, 'none.pcap');
      const { child, ended } = await startCapture(namespaces, 'udp port 53', '-w', file);
      child.kill('SIGINT');
      expect((await ended).code).to.equal(0);
      expect(await readFile(file)).to.deep.equal({ packets: [], error: undefined });
    }));

  it('keeps -s bytes of each packet and its length on the wire', () =>
    inQuiet(async (namespaces) => {
      const file = join(directory, 'short.pcap');
      const { ended } = await startCapture(namespaces, '-w', file, '-s', '60', '-c', '2');
      namespaces.a.send(web, dns);
      expect((await ended).code).to.equal(0);
      const { packets } = await readFile(file);
      expect(packets.map(({ bytes, length }) => [bytes.length, length])).to.deep.equal([
        [60, 1400],
        [60, 90],
      ]);
    }));

  it('prints a line for each packet, at once, and leaves quietly when nobody reads on', () =>
    inQuiet(async (namespaces) => {
      const { child, ended } = await startCapture(namespaces, 'udp');
      namespaces.a.send(dns);
      const [line] = (await new Promise((resolve) => child.stdout.once('data', (data) => resolve([String(data)])))) as [
        string,
      ];
      expect(line).to.include('10.0.0.1.7 > 10.0.0.2.53');
      child.stdout.destroy();
      namespaces.a.send(dns, dns);
      await new Promise((resolve) => setTimeout(resolve, 100));
      namespaces.a.send(dns, dns);
      const { code, stderr } = await ended;
      expect([code, stderr]).to.deep.equal([0, '']);
    }));

  it('a reader that has enough ends a replay quietly, too', () => {
    const command = `"${process.execPath}" "${pktfPath}" replay "${everySyn}" tcp | head -1`;
    const { stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', `${command}; echo "$?"`], {
      encoding: 'utf8',
    });
    expect(stderr.replace(/^\d+ of \d+ packets match\n/, '')).to.equal('');
    expect(stdout).to.match(/^.* > .*\n0\n$/);
  });

  it('on a full disk, says so, and what was written before can be read', () =>
    inQuiet(async (namespaces) => {
      const disk = join(directory, 'disk');
      mkdirSync(disk);
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status).to.equal(0);
      try {
        const file = join(disk, 'full.pcap');
        const { ended } = await startCapture(namespaces, '-w', file);
        namespaces.a.send(...Array.from({ length: 100 }, () => web));
        const { code, stderr } = await ended;
        expect(code, stderr).to.equal(3);
        expect(stderr).to.include('no space is left on the device; the packets written before are kept');
        const { packets, error } = await readFile(file);
        expect(error).to.equal(undefined);
        expect(packets.length).to.be.within(20, 50);
        expect(packets.every(({ bytes }) => bytes.equals(web))).to.equal(true);
      } finally {
        spawnSync('umount', ['-l', disk]);
      }
    }));

  it('ends with a reason when its interface goes away, and keeps what came', () =>
    inQuiet(async (namespaces) => {
      const file = join(directory, 'gone.pcap');
      const { ended } = await startCapture(namespaces, '-w', file);
      namespaces.a.send(dns);
      namespaces.b.run('ip', 'link', 'delete', 'vb');
      const finished = await ended;
      expectDecent(finished, ['capture']);
      expect(finished.code, finished.stderr).to.equal(3);
      expect(finished.stderr).to.match(/^error: .*/m);
      expect((await readFile(file)).packets.map(({ bytes }) => bytes.toString('hex'))).to.deep.equal([
        hexadecimal(dns),
      ]);
    }));
});

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What a capture has received it writes soon. */
async function untilWritten(file: string): Promise<void> {
  await eventually(() => statSync(file).size === 24 + 3 * 16 + web.length * 2 + dns.length);
}

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../appliance/eventually.ts';
import { frame } from '../appliance/frames.ts';
import { silence } from '../appliance/laboratory.ts';
import { readFile } from '../support/capture.ts';
import { withNamespaces, type Namespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { expectDecent, pktf, startPktf, type Finished } from './pktf.ts';

const large = frame('udp 10.0.0.1:7 > 10.0.0.2:80 len 1400');

describe('pktf capture, files', () => {
  let kernel: Kernel;
  let directory: string;
  before(async function () {
    kernel = await openRealKernel(this);
  });
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'pktf-files-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Captures `udp` frames that come from the other side, and is interrupted when all of them are written. */
  const capture = async (
    { a, b }: Namespaces,
    interfaceName: string,
    packets: number,
    ...words: string[]
  ): Promise<Finished> => {
    const child = startPktf('capture', interfaceName, 'udp', '-c', String(packets), ...words, '--netns', b.name);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data) => (stdout += String(data)));
    child.stderr.on('data', (data) => (stderr += String(data)));
    const ended = new Promise<Finished>((resolve) => {
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    });
    try {
      await Promise.race([ended, eventually(() => stderr.includes('capturing on'))]);
      // In portions that the buffers of the way take.
      for (let left = packets; left > 0; left -= 100) {
        a.send(...Array.from({ length: Math.min(left, 100) }, () => large));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return await ended;
    } finally {
      child.kill('SIGKILL');
    }
  };

  it('go on in another one when one is large enough, and round', () =>
    withNamespaces(kernel, async (namespaces) => {
      silence(namespaces);
      const path = join(directory, 'ring.pcap');
      const finished = await capture(namespaces, 'vb', 2000, '-w', path, '-C', '1', '-W', '2');
      expectDecent(finished, ['capture']);
      expect(finished.code, finished.stderr).to.equal(0);
      expect(readdirSync(directory).toSorted()).to.deep.equal(['ring.pcap0', 'ring.pcap1']);
      const perFile = Math.ceil(1_000_000 / (16 + large.length));
      const counts = await Promise.all(
        ['0', '1'].map(async (number) => (await readFile(path + number)).packets.length),
      );
      // Two files are full, the third went over the first.
      expect(counts).to.deep.equal([2000 - 2 * perFile, perFile]);
    }));

  it('are pcapng where the name says so, also of all interfaces at once', () =>
    withNamespaces(kernel, async (namespaces) => {
      silence(namespaces);
      const path = join(directory, 'any.pcapng');
      const finished = await capture(namespaces, 'any', 3, '-w', path);
      expect(finished.code, finished.stderr).to.equal(0);
      const { packets, error } = await readFile(path);
      expect(error).to.equal(undefined);
      expect(packets.map(({ bytes }) => bytes.subarray(20).toString('hex'))).to.deep.equal(
        Array.from({ length: 3 }, () => Buffer.from(large.subarray(14)).toString('hex')),
      );
    }));

  it('want flags that go together', () => {
    for (const [words, says] of [
      [['-C', '1'], '-C and -G write files'],
      [['-G', '5', '-w', '-'], '-C and -G write files'],
      [['-W', '3', '-w', 'x.pcap'], '-W tells how many files there are'],
    ] as const) {
      const { code, stderr } = pktf('capture', 'lo', ...words);
      expect(code).to.equal(1);
      expect(stderr).to.include(says);
    }
  });
});

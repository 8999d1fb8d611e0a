import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { mixedFrames } from '../../scripts/pcap-packets.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { silence } from '../appliance/laboratory.ts';
import { readFile } from '../support/capture.ts';
import { withNamespaces, type Namespaces } from '../support/netns.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { requireOrSkip } from '../support/require.ts';
import { pcapOf } from './pcap.ts';
import { pktfPrints } from './pktf.ts';
import { hasTool } from './tool.ts';

const source = fileURLToPath(new URL('../../../test/cli/packet-socket-filter.c', import.meta.url));

const filters = [
  'tcp port 22',
  'vlan',
  'vlan 7 and tcp port 22',
  'vlan and vlan and ip',
  'ether proto 0x88a8',
  'ether[12:2] = 0x8100 and ether[14:2] & 0xfff = 7',
  'greater 80',
  'less 60 or icmp6',
];

const tags = [
  [],
  [0x81, 0x00, 0x00, 0x07],
  [0x81, 0x00, 0x60, 0x00],
  [0x88, 0xa8, 0x00, 0x07],
  [0x91, 0x00, 0x00, 0x07],
  [0x88, 0xa8, 0x00, 0x07, 0x81, 0x00, 0x00, 0x09],
  [0x81, 0x00, 0x00, 0x07, 0x81, 0x00, 0x00, 0x09],
];

/** Each with a number of its own in its source address, so that no two are the same. */
function wireFrames(): readonly Uint8Array[] {
  // Linux drops tagged frames with fewer than two bytes behind the tag before anyone sees them (skb_vlan_untag).
  const plain = mixedFrames().filter(({ length }) => length >= 16 && length <= 1000);
  const frames = tags.flatMap((tag) => plain.map((frame) => [...frame.subarray(0, 12), ...tag, ...frame.subarray(12)]));
  return frames.map((frame, i) =>
    Uint8Array.from([...frame.slice(0, 6), 2, 0, 0, 0, i >> 8, i & 0xff, ...frame.slice(12)]),
  );
}

describe('pktf compile --target socket -ddd, attached by an independent program', () => {
  let kernel: Kernel;
  let directory: string;
  before(async function () {
    kernel = await openRealKernel(this);
    requireOrSkip(this, 'oracle', hasTool('clang'), 'there is no clang to compile the program with');
    directory = mkdtempSync(join(tmpdir(), 'pktf-socket-'));
    const built = spawnSync('clang', ['-O1', '-o', join(directory, 'program'), source], { encoding: 'utf8' });
    expect(built.status, built.stderr).to.equal(0);
  });
  after(() => {
    if (directory !== undefined) rmSync(directory, { recursive: true });
  });

  it('lets through the live packets that pktf replay picks from a capture of the wire, tagged ones too', async function () {
    this.timeout(60_000);
    const frames = wireFrames();
    const wire = join(directory, 'wire.pcap');
    writeFileSync(wire, pcapOf(frames));
    await withNamespaces(kernel, async (namespaces) => {
      silence(namespaces);
      for (const filter of filters) {
        const picked = join(directory, 'picked.pcap');
        pktfPrints('replay', wire, filter, '-w', picked);
        const { packets } = await readFile(picked);
        const live = await receive(namespaces, filter, join(directory, 'program'), frames);
        expect(live, filter).to.deep.equal(packets.map(({ bytes }) => bytes.toString('hex')));
        expect(live.length, `packets that match ${filter}`).to.be.within(1, frames.length - 1);
      }
    });
  });
});

/** The frames that the program shows, in hexadecimal digits. */
async function receive(
  { a, b }: Namespaces,
  filter: string,
  program: string,
  frames: readonly Uint8Array[],
): Promise<readonly string[]> {
  const child = b.start(program, 'vb');
  const ended = new Promise((resolve) => child.once('close', resolve));
  let printed = '';
  const ready = new Promise<void>((resolve) => {
    child.stdout!.on('data', (data) => {
      printed += String(data);
      if (printed.startsWith('ready\n')) resolve();
    });
  });
  child.stdin!.end(pktfPrints('compile', '--target', 'socket', '-ddd', filter));
  await Promise.race([ready, ended]);
  a.send(...frames);
  child.kill('SIGTERM');
  await ended;
  const [first, ...lines] = printed.trimEnd().split('\n');
  expect(first, filter).to.equal('ready');
  return lines;
}

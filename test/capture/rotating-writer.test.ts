import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openCapture } from '../../src/capture/open.ts';
import { createPcapFile } from '../../src/capture/pcap-writer.ts';
import { createRotatingWriter, type Rotation, type RotatingWriter } from '../../src/capture/rotating-writer.ts';
import { formatTime } from '../../src/capture/time-format.ts';
import { readFile } from '../support/capture.ts';

const options = { linkTypeValue: 1, snaplen: 262_144, nanoseconds: true };

describe('capture: rotation', () => {
  let directory = '';
  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'pktf-rotation-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  /** Copies mixed.pcap, a packet a second: 30 packets of 16 bytes and more. */
  async function copy(name: string, rotation: Rotation): Promise<RotatingWriter> {
    const writer = await createRotatingWriter(join(directory, name), rotation, (path) => createPcapFile(path, options));
    const capture = await openCapture(join('test', 'pcaps', 'mixed.pcap'));
    for await (const batch of capture.batches()) {
      for (let index = 0; index < batch.count; index++) await writer.write(batch, index);
    }
    await writer.close();
    capture.close();
    return writer;
  }

  const files = (): readonly string[] => readdirSync(directory).toSorted();

  async function packetsIn(names: readonly string[]): Promise<readonly number[]> {
    const all: number[] = [];
    for (const name of names) {
      const { packets, error } = await readFile(join(directory, name));
      expect(error).to.equal(undefined);
      all.push(...packets.map(({ seconds }) => seconds - 1_700_000_000));
    }
    return all;
  }

  const everyPacket = Array.from({ length: 30 }, (_, index) => index);

  it('writes one file where nothing says otherwise', async () => {
    const writer = await copy('out', {});
    expect(files()).to.deep.equal(['out']);
    expect(writer.packets()).to.equal(30);
    expect(await packetsIn(files())).to.deep.equal(everyPacket);
  });

  it('goes on in another file when one is too large', async () => {
    await copy('out', { fileSize: 1000 });
    expect(files()).to.deep.equal(['out', 'out1', 'out2', 'out3']);
    expect(await packetsIn(files())).to.deep.equal(everyPacket);
  });

  it('goes round a number of files', async () => {
    await copy('out', { fileSize: 100, files: 11 });
    expect(files()).to.deep.equal([
      'out00',
      'out01',
      'out02',
      'out03',
      'out04',
      'out05',
      'out06',
      'out07',
      'out08',
      'out09',
      'out10',
    ]);
    const kept = await packetsIn(files());
    // Every packet but the first is more than 76 bytes behind the header of 24, or two are.
    expect(kept.length).to.be.within(11, 29);
    expect(kept.toSorted((a, b) => a - b).at(-1)).to.equal(29);
  });

  it('goes on in another file after some seconds, named by the time', async () => {
    await copy('out-%s', { seconds: 10 });
    expect(files()).to.deep.equal(['out-1700000000', 'out-1700000010', 'out-1700000020']);
    expect(await packetsIn(files())).to.deep.equal(everyPacket);
  });

  it('ends after a number of files of some seconds each', async () => {
    const writer = await copy('out-%s', { seconds: 10, files: 2 });
    expect(files()).to.deep.equal(['out-1700000000', 'out-1700000010']);
    expect(writer.isFinished()).to.equal(true);
    expect(writer.packets()).to.equal(20);
  });

  it('knows the codes of strftime that file names have use for', () => {
    const noon = new Date(2026, 1, 3, 12, 4, 5).getTime() / 1000;
    expect(formatTime('a-%Y%m%d-%H%M%S.pcap', noon)).to.equal('a-20260203-120405.pcap');
    expect(formatTime('%F %T %y %j %% %q %s', noon)).to.equal(`2026-02-03 12:04:05 26 034 % %q ${noon}`);
  });
});

import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSink } from '../../src/capture/byte-sink.ts';
import { CaptureError } from '../../src/capture/capture-error.ts';
import { openCapture } from '../../src/capture/open.ts';
import type { WriterOptions } from '../../src/capture/packet-writer.ts';
import { createPcapFile, pcapWriter } from '../../src/capture/pcap-writer.ts';
import { readBytes, readFile } from '../support/capture.ts';
import { requireOrSkip } from '../support/require.ts';
import { hasTcpdump, tcpdumpPackets } from '../support/tcpdump.ts';

const options: WriterOptions = { linkTypeValue: 1, snaplen: 262_144, nanoseconds: true };

/** Copies a capture through the writer. */
async function copy(from: string, to: string, given: WriterOptions = options): Promise<void> {
  const capture = await openCapture(from);
  const writer = await createPcapFile(to, given);
  for await (const batch of capture.batches()) {
    for (let index = 0; index < batch.count; index++) await writer.write(batch, index);
  }
  await writer.close();
  capture.close();
}

/** A disk with room for so many bytes. */
function smallDisk(room: number): ByteSink & { readonly content: () => Uint8Array } {
  let content = new Uint8Array(0);
  return {
    name: 'small',
    content: () => content,
    write(bytes) {
      const fitting = bytes.subarray(0, Math.max(room - content.length, 0));
      content = Uint8Array.of(...content, ...fitting);
      if (fitting.length < bytes.length) throw new CaptureError('disk-full', 'small', 'no space is left');
    },
    written: () => content.length,
    truncate: (length) => (content = content.slice(0, length)),
    close: () => Promise.resolve(),
  };
}

describe('capture: pcap writer', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'pktf-writer-'))));
  after(() => rmSync(directory, { recursive: true }));

  it('writes what was read', async () => {
    for (const file of ['mixed.pcap', 'nanoseconds-big-endian.pcap', 'ssh.pcap', 'no-packets.pcap']) {
      const from = join('test', 'pcaps', file);
      await copy(from, join(directory, 'copy.pcap'));
      expect(await readFile(join(directory, 'copy.pcap')), file).to.deep.equal(await readFile(from));
    }
  });

  it('writes a little-endian microsecond capture byte for byte', async () => {
    const from = join('test', 'pcaps', 'mixed.pcap');
    await copy(from, join(directory, 'copy.pcap'), { ...options, nanoseconds: false });
    expect(readFileSync(join(directory, 'copy.pcap')).equals(readFileSync(from))).to.equal(true);
  });

  it('writes what tcpdump reads', async function () {
    requireOrSkip(this, 'tcpdump', hasTcpdump(), 'tcpdump is not installed');
    const from = join('test', 'pcaps', 'mixed.pcap');
    await copy(from, join(directory, 'copy.pcap'), { ...options, snaplen: 50 });
    const expected = tcpdumpPackets(from).map((packet) => ({ ...packet, bytes: packet.bytes.slice(0, 100) }));
    expect(tcpdumpPackets(join(directory, 'copy.pcap'))).to.deep.equal(expected);
  });

  it('says that the disk is full', async () => {
    const error = await createPcapFile('/dev/full', options).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(CaptureError);
    expect((error as CaptureError).code).to.equal('disk-full');
    expect((error as CaptureError).message).to.contain('/dev/full: no space is left on the device');
  });

  it('says why it cannot create a file', async () => {
    const error = await createPcapFile('/proc/none/x.pcap', options).catch((thrown: unknown) => thrown);
    expect((error as CaptureError).code).to.equal('cannot-write');
    expect((error as CaptureError).message).to.equal('/proc/none/x.pcap: cannot be written: no such file or directory');
  });

  it('leaves whole packets on a disk that fills up, wherever', async () => {
    const from = join('test', 'pcaps', 'mixed.pcap');
    const whole = (await readFile(from)).packets;
    for (let room = 24; room < 500; room += 7) {
      const disk = smallDisk(room);
      const writer = await pcapWriter(disk, options);
      const capture = await openCapture(from);
      for await (const batch of capture.batches()) {
        for (let index = 0; index < 10; index++) await writer.write(batch, index);
      }
      capture.close();
      const error = await Promise.resolve(writer.close()).catch((thrown: unknown) => thrown);
      expect((error as CaptureError).code).to.equal('disk-full');
      const kept = await readBytes(disk.content());
      expect(kept.error).to.equal(undefined);
      expect(kept.packets).to.deep.equal(whole.slice(0, kept.packets.length));
      // No packet that would have fitted is lost.
      const next = whole[kept.packets.length];
      expect(disk.content().length + 16 + (next?.bytes.length ?? 0)).to.be.greaterThan(room);
    }
  });

  it('waits for a slow reader of a pipe and loses nothing', async () => {
    const pipe = join(directory, 'pipe');
    const made = spawn('mkfifo', [pipe]);
    await once(made, 'close');
    const reader = spawn('sh', ['-c', `sleep 0.2; cat '${pipe}' | wc -c`], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    reader.stdout.on('data', (data) => (output += String(data)));
    // Opening a pipe for writing alone would block until the reader comes.
    const held = openSync(pipe, 'r+');
    const writer = await createPcapFile(pipe, options);
    const capture = await openCapture(join('test', 'pcaps', 'ssh.pcap'));
    for await (const batch of capture.batches()) {
      for (let round = 0; round < 20; round++) {
        for (let index = 0; index < batch.count; index++) await writer.write(batch, index);
      }
    }
    capture.close();
    const size = writer.size();
    await writer.close();
    closeSync(held);
    await once(reader, 'close');
    expect(Number(output)).to.equal(size);
    expect(size).to.equal(24 + 20 * (87_076 - 24));
  });
});

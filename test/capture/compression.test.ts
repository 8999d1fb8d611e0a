import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { bytesInMemory } from '../../src/capture/byte-source.ts';
import { captureOf } from '../../src/capture/open.ts';
import { readBytes } from '../support/capture.ts';

const plain = readFileSync(join('test', 'pcaps', 'ssh.pcap'));
const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Uint8Array) => Buffer };

describe('capture: compressed files', () => {
  it('reads gzip, in one piece or many', async () => {
    const whole = await readBytes(plain);
    const compressed = zlib.gzipSync(plain);
    expect(await readBytes(compressed)).to.deep.equal(whole);
    expect(await readBytes(compressed, 61)).to.deep.equal(whole);
  });

  it('reads gzip members one after another as one', async () => {
    const compressed = Buffer.concat([zlib.gzipSync(plain.subarray(0, 1000)), zlib.gzipSync(plain.subarray(1000))]);
    expect(await readBytes(compressed)).to.deep.equal(await readBytes(plain));
  });

  it('reads pcapng in gzip', async () => {
    const many = readFileSync(join('test', 'pcaps', 'many-sections.pcapng'));
    expect(await readBytes(zlib.gzipSync(many))).to.deep.equal(await readBytes(many));
  });

  it('reads zstd where Node.js can, and says what to do where it cannot', async () => {
    // A frame of one raw block without content, which any version of zstd could have written.
    const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00);
    if (zstdCompressSync === undefined) {
      const { error } = await readBytes(frame);
      expect(error?.code).to.equal('unsupported');
      expect(error?.message).to.contain('use Node.js 22.15 or later, or pipe it through zstd -dc');
    } else {
      expect(await readBytes(zstdCompressSync(plain))).to.deep.equal(await readBytes(plain));
      const { error } = await readBytes(frame);
      expect(error?.code).to.equal('empty');
    }
  });

  it('names the compressions that it cannot read', async () => {
    const { error } = await readBytes(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00));
    expect(error?.message).to.equal('memory: is compressed with xz, which cannot be read here: pipe it through xz -dc');
  });

  it('delivers the packets before the end of a file that is cut short', async () => {
    const compressed = zlib.gzipSync(plain);
    const { packets, error } = await readBytes(compressed.subarray(0, compressed.length - 1000));
    expect(error?.code).to.equal('truncated');
    expect(error?.message).to.contain('the gzip data ends early');
    expect(packets.length).to.be.greaterThan(800);
  });

  it('delivers the packets before damage, whether gzip or the capture shows it first', async () => {
    // Not compressible, so that the damage is far behind what was read before.
    const noise = Buffer.from(
      plain.map((byte, index) => (index < 24 || (index - 24) % 70 < 16 ? byte : (index * 2654435761) >>> 24)),
    );
    const packets = Buffer.concat([plain.subarray(0, 24), ...Array.from({ length: 20 }, () => records(noise))]);
    const compressed = zlib.gzipSync(packets);
    compressed.fill(0xff, compressed.length - 40_000, compressed.length - 39_000);
    const read = await readBytes(compressed);
    expect(read.error?.code).to.equal('corrupt');
    expect(read.packets.length).to.be.greaterThan(10_000);
  });

  it('closes what it opened where the content is no capture', async () => {
    let closed = false;
    const source = { ...bytesInMemory([zlib.gzipSync('a letter')], 'memory'), close: () => void (closed = true) };
    const error = await captureOf(source).catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.contain('is no capture file that pktf knows');
    expect(closed).to.equal(true);
  });
});

/** The IPv4 packets without tags, all 54 bytes long, and their record headers. */
function records(file: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let at = 24; at + 16 <= plain.length; at += 16 + plain.readUInt32LE(at + 8)) {
    if (plain.readUInt32LE(at + 8) !== 54) continue;
    kept.push(plain.subarray(at, at + 16), file.subarray(at + 16, at + 70));
  }
  return Buffer.concat(kept);
}

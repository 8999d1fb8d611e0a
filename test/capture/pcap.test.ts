import { expect } from 'chai';
import fc from 'fast-check';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { makeCaptures } from '../../scripts/make-pcaps.ts';
import { mixedFrames } from '../../scripts/pcap-packets.ts';
import type { CaptureErrorCode } from '../../src/capture/capture-error.ts';
import { openCapture } from '../../src/capture/open.ts';
import { readBytes, readFile, type ReadCapture } from '../support/capture.ts';
import { requireOrSkip } from '../support/require.ts';
import { hasTcpdump, tcpdumpPackets } from '../support/tcpdump.ts';

const directory = join('test', 'pcaps');
const captures = makeCaptures();
const mixed = captures.get('mixed.pcap') as Uint8Array;

describe('capture: pcap', () => {
  it('has the captures that the script makes', () => {
    const files = readdirSync(directory).filter((name) => /\.pcap(ng)?$/.test(name));
    expect(files.toSorted()).to.deep.equal([...captures.keys()].toSorted());
    for (const [name, bytes] of captures) {
      expect(readFileSync(join(directory, name)).equals(bytes), `${name} is as the script makes it`).to.equal(true);
    }
  });

  const frames = mixedFrames().map((frame) => Buffer.from(frame));
  const variants: readonly (readonly [file: string, nanoseconds: (index: number) => number, snaplen: number])[] = [
    ['mixed.pcap', (index) => 123_000 * index, Infinity],
    ['big-endian.pcap', (index) => 123_000 * index, Infinity],
    ['nanoseconds.pcap', (index) => 123_456_789 + index, Infinity],
    ['nanoseconds-big-endian.pcap', (index) => 123_456_789 + index, Infinity],
    ['modified.pcap', (index) => 123_000 * index, Infinity],
    ['frame-check-sequence.pcap', (index) => 123_000 * index, Infinity],
    ['version-2.2.pcap', (index) => 123_000 * index, 60],
    ['snapped.pcap', (index) => 123_000 * index, 40],
  ];
  for (const [file, nanoseconds, snaplen] of variants) {
    it(`reads ${file}`, async () => {
      const { packets, error } = await readFile(join(directory, file));
      expect(error).to.equal(undefined);
      expect(packets).to.deep.equal(
        frames.map((frame, index) => ({
          number: index + 1,
          seconds: 1_700_000_000 + index,
          nanoseconds: nanoseconds(index),
          bytes: frame.subarray(0, snaplen),
          length: frame.length,
        })),
      );
    });
  }

  const broken: readonly (readonly [file: string, code: CaptureErrorCode, packets: number, message: string])[] = [
    ['empty.pcap', 'empty', 0, 'is empty: not even a capture header'],
    ['not-a-capture.pcap', 'not-a-capture', 0, 'is no capture file that pktf knows'],
    ['truncated-file-header.pcap', 'truncated', 0, 'ends inside its header: 17 of 24 bytes'],
    ['truncated-record-header.pcap', 'truncated', 2, '9 of 16 header bytes are there (packet 3, at byte 140)'],
    ['truncated-packet.pcap', 'truncated', 29, '9 of its captured bytes are there (packet 30, at byte 3575)'],
    ['absurd-length.pcap', 'corrupt', 2, 'claims 2147483648 captured bytes, more than the 262144 possible (packet 3'],
    ['bad-version.pcap', 'unsupported', 0, 'pcap version 9.0 is not supported (at byte 4)'],
    ['reserved-bits.pcap', 'corrupt', 0, 'reserved bits are set in the link type 0x00010001 (at byte 20)'],
  ];
  for (const [file, code, count, message] of broken) {
    it(`delivers the ${count} good packets of ${file}, then says what is wrong`, async () => {
      const { packets, error } = await readFile(join(directory, file));
      expect(packets).to.have.length(count);
      expect(error?.code).to.equal(code);
      expect(error?.message).to.contain(message);
      expect(error?.message).to.match(/^test\/pcaps\/[^\n]+$/);
    });
  }

  const unopenable: readonly (readonly [path: string, message: string])[] = [
    [directory, 'test/pcaps: is a directory, not a capture file'],
    ['test/pcaps/absent.pcap', 'test/pcaps/absent.pcap: no such file or directory'],
    ['test/pcaps/ssh.pcap/x', 'test/pcaps/ssh.pcap/x: not a directory'],
  ];
  for (const [path, message] of unopenable) {
    it(`refuses to open ${path}`, async () => {
      const { error } = await readFile(path);
      expect(error?.code).to.equal('cannot-open');
      expect(error?.message).to.equal(message);
    });
  }

  it('knows what a copy of the capture must repeat', async () => {
    const facts = async (file: string): Promise<unknown> => {
      const capture = await openCapture(join(directory, file));
      capture.close();
      const { linkType, snaplen, nanoseconds, size } = capture;
      return { linkType, snaplen, nanoseconds, size };
    };
    expect(await facts('nanoseconds.pcap')).to.deep.equal({
      linkType: 'EN10MB',
      snaplen: 262_144,
      nanoseconds: true,
      size: 3605,
    });
    expect(await facts('sll2.pcap')).to.deep.include({ linkType: 'LINUX_SLL2', nanoseconds: false });
  });

  it('gives an unknown link type by its number', async () => {
    const bytes = mixed.slice();
    bytes[20] = 0xe7;
    const { packets } = await readBytes(bytes);
    expect(packets).to.have.length(30);
  });

  it('carries fractions of a second that are no fractions over into the seconds', async () => {
    const bytes = mixed.slice();
    new DataView(bytes.buffer).setUint32(28, 2_000_001, true);
    const { packets } = await readBytes(bytes);
    expect(packets[0]).to.include({ seconds: 1_700_000_002, nanoseconds: 1_000 });
  });

  it('reads the same packets however the bytes are cut into pieces', async () => {
    const whole = await readBytes(mixed);
    for (const size of [1, 7, 16, 24, 61, 1000]) {
      expect(await readBytes(mixed, size), `pieces of ${size}`).to.deep.equal(whole);
    }
  });

  it('reads from a pipe that delivers seven bytes at a time', async () => {
    const program = `
      import { openCapture } from '${join(process.cwd(), 'dist/src/capture/open.js')}';
      let packets = 0;
      for await (const batch of (await openCapture('-')).batches()) packets += batch.count;
      console.log(packets);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    Readable.from(sevens(mixed)).pipe(child.stdin);
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    await once(child, 'close');
    expect(output).to.equal('30\n');
  });

  it('never crashes, hangs or loses good packets on mutated files', async () => {
    const whole = await readBytes(mixed);
    const mutation = fc.record({
      at: fc.nat(mixed.length - 1),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 6 }),
        fc.nat(mixed.length),
        async (mutations, length) => {
          const bytes = mixed.slice(0, length);
          for (const { at, value } of mutations) if (at < length) bytes[at] = value;
          const read = await readBytes(bytes, 50);
          const firstDamage = Math.min(length, ...mutations.map(({ at }) => at));
          expect(goodPrefix(whole, read, firstDamage)).to.equal(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('holds little memory however long a packet claims to be', async () => {
    // A D-Bus capture may have packets of 128 MiB; this one claims 100 MiB and ends.
    const bytes = mixed.slice(0, 60);
    const view = new DataView(bytes.buffer);
    view.setUint32(20, 231, true);
    view.setUint32(32, 100 << 20, true);
    const before = process.memoryUsage().arrayBuffers;
    const { error } = await readBytes(bytes);
    expect(error?.code).to.equal('truncated');
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(10 << 20);
  });

  describe('beside others', () => {
    it('reads what pcap-parser reads from little-endian and big-endian microsecond files', async () => {
      for (const file of ['mixed.pcap', 'big-endian.pcap', 'ssh.pcap', 'snapped.pcap']) {
        const path = join(directory, file);
        const { packets } = await readFile(path);
        const ours = packets.map(({ seconds, nanoseconds, bytes, length }) => ({
          seconds,
          microseconds: nanoseconds / 1000,
          bytes,
          length,
        }));
        expect(ours, file).to.deep.equal(await readWithPcapParser(path));
      }
    });

    it('reads what tcpdump reads, times included', async function () {
      requireOrSkip(this, 'tcpdump', hasTcpdump(), 'tcpdump is not installed');
      for (const file of captures.keys()) {
        // Interfaces of several link types in one file are too much for tcpdump.
        if (file !== 'many-sections.pcapng') await expectSameAsTcpdump(join(directory, file));
      }
    });

    it('reads what tcpdump reads from the captures of PKTF_SHARED', async function () {
      const shared = process.env['PKTF_SHARED'];
      requireOrSkip(this, 'shared', shared === undefined ? 'PKTF_SHARED names no folder of captures' : undefined);
      requireOrSkip(this, 'tcpdump', hasTcpdump(), 'tcpdump is not installed');
      this.timeout(120_000);
      const folder = join(shared as string, 'pcaps');
      for (const file of readdirSync(folder).filter((name) => name.endsWith('.pcap'))) {
        await expectSameAsTcpdump(join(folder, file));
      }
    });
  });
});

function* sevens(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 7) yield bytes.subarray(start, start + 7);
}

/** Whether all packets that lie wholly before the first damaged byte were read as they were. */
function goodPrefix(whole: ReadCapture, read: ReadCapture, firstDamage: number): boolean {
  let end = 24;
  return whole.packets.every((packet, index) => {
    end += 16 + packet.bytes.length;
    if (end > firstDamage) return true;
    return read.packets[index]?.bytes.equals(packet.bytes) === true;
  });
}

async function expectSameAsTcpdump(path: string): Promise<void> {
  const { packets } = await readFile(path);
  const theirs = tcpdumpPackets(path);
  const ours = packets.map(({ seconds, nanoseconds, bytes, length }, index) => ({
    // Fractions of more than 2^31 nanoseconds are negative to tcpdump, and carried over by us.
    time: path.includes('invalid_nano') ? theirs[index]?.time : seconds * 1e6 + Math.floor(nanoseconds / 1000),
    bytes: bytes.toString('hex'),
    length,
  }));
  expect(ours, path).to.deep.equal(theirs);
}

interface PcapParserModule {
  parse(path: string): NodeJS.EventEmitter;
}

async function readWithPcapParser(path: string): Promise<unknown> {
  const module = createRequire(import.meta.url)('pcap-parser') as PcapParserModule;
  const packets: unknown[] = [];
  const parser = module.parse(path);
  parser.on('packet', ({ header, data }) => {
    packets.push({
      seconds: header.timestampSeconds,
      microseconds: header.timestampMicroseconds,
      bytes: data,
      length: header.originalLength,
    });
  });
  await once(parser, 'end');
  return packets;
}

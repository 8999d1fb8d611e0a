import { expect } from 'chai';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCaptures } from '../../scripts/make-pcaps.ts';
import { ipPackets, mixedFrames } from '../../scripts/pcap-packets.ts';
import type { CaptureErrorCode } from '../../src/capture/capture-error.ts';
import { openCapture } from '../../src/capture/open.ts';
import { createPcapngFile } from '../../src/capture/pcapng-writer.ts';
import { buildLink } from '../../src/packet/build.ts';
import { readBytes, readFile } from '../support/capture.ts';
import { requireOrSkip } from '../support/require.ts';

const many = makeCaptures().get('many-sections.pcapng') as Uint8Array;

const hasTshark = (): boolean => spawnSync('tshark', ['--version']).error === undefined;

/** Time, both lengths and protocol stack of every packet, as tshark reads it. */
function tsharkPackets(file: string): readonly string[] {
  const fields = ['frame.time_epoch', 'frame.cap_len', 'frame.len'].flatMap((field) => ['-e', field]);
  const { stdout } = spawnSync('tshark', ['-r', file, '-T', 'fields', ...fields], { encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line !== '');
}

async function ourPackets(file: string): Promise<readonly string[]> {
  const { packets } = await readFile(file);
  return packets.map(({ seconds, nanoseconds, bytes, length }) => {
    return `${seconds}.${String(nanoseconds).padStart(9, '0')}\t${bytes.length}\t${length}`;
  });
}

function changed(offset: number, ...values: readonly number[]): Uint8Array {
  const copy = many.slice();
  copy.set(values, offset);
  return copy;
}

describe('capture: pcapng', () => {
  let directory = '';
  before(() => (directory = mkdtempSync(join(tmpdir(), 'pktf-pcapng-'))));
  after(() => rmSync(directory, { recursive: true }));

  it('reads sections of both byte orders, interfaces of several link types, all packet blocks', async () => {
    const frame = Buffer.from(mixedFrames()[2] as Uint8Array);
    const packet = Buffer.from(ipPackets()[1] as Uint8Array);
    const cooked = Buffer.from(buildLink('LINUX_SLL', 0x0800, packet));
    const { packets, error } = await readBytes(many);
    expect(error).to.equal(undefined);
    const start = 1_700_000_000;
    expect(packets).to.deep.equal(
      [
        [start, 123_456_789, frame, frame.length],
        [start, 123_456_790, frame.subarray(0, 21), frame.length],
        [start + 1, 123_456_000, packet, packet.length],
        [start, 123_456_791, frame, frame.length],
        [0, 0, frame, frame.length],
        [start + 1, 500_000_000, cooked, cooked.length],
        [start + 1, 500_000_000, cooked, cooked.length],
      ].map(([seconds, nanoseconds, bytes, length], index) => ({
        number: index + 1,
        seconds,
        nanoseconds,
        bytes,
        length,
      })),
    );
  });

  it('starts a batch where the link type changes', async () => {
    const linkTypes: unknown[] = [];
    const capture = await openCapture(join('test', 'pcaps', 'many-sections.pcapng'));
    for await (const batch of capture.batches()) linkTypes.push([batch.linkType, batch.firstNumber, batch.count]);
    capture.close();
    expect(linkTypes).to.deep.equal([
      ['EN10MB', 1, 2],
      ['RAW', 3, 1],
      ['EN10MB', 4, 2],
      ['LINUX_SLL', 6, 2],
    ]);
  });

  it('reads the same packets however the bytes are cut into pieces', async () => {
    const whole = await readBytes(many);
    for (const size of [1, 7, 12, 61]) expect(await readBytes(many, size), `pieces of ${size}`).to.deep.equal(whole);
  });

  // Blocks of the capture begin at 0, 28, 60, 80, 96 (first packet), 184, 240 (third).
  const broken: readonly (readonly [
    name: string,
    bytes: Uint8Array,
    packets: number,
    code: CaptureErrorCode,
    message: string,
  ])[] = [
    [
      'a file that ends inside a block',
      many.subarray(0, 200),
      1,
      'truncated',
      'ends inside a block, of which 16 bytes are there',
    ],
    [
      'a block length that is no multiple of 4',
      changed(188, 57),
      1,
      'corrupt',
      'claims a length of 57 bytes (packet 2, at byte 184)',
    ],
    ['an absurd block length', changed(188, 0, 0, 0, 0x7f), 1, 'corrupt', 'claims a length of 2130706432 bytes'],
    ['a block length of nothing', changed(188, 0), 1, 'corrupt', 'claims a length of 0 bytes'],
    ['two lengths that differ', changed(180, 1), 0, 'corrupt', `two lengths differ (packet 1, at byte 96)`],
    ['a packet of an unknown interface', changed(104, 9), 0, 'corrupt', 'of interface 9, which nothing describes'],
    [
      'a packet longer than its block',
      changed(117, 1),
      0,
      'corrupt',
      'claims 310 captured bytes, and its block has 56',
    ],
    ['an unknown version', changed(12, 2), 0, 'unsupported', 'pcapng version 2.0 is not supported'],
    ['a section header without its magic', changed(8, 0), 0, 'corrupt', 'no byte-order magic'],
    ['too fine a time', changed(48, 20), 0, 'corrupt', 'units of 10^-20 seconds are too fine'],
    ['an option cut short', changed(46, 200), 0, 'corrupt', 'an option of an interface description is cut short'],
  ];
  for (const [name, bytes, count, code, message] of broken) {
    it(`delivers the good packets before ${name}`, async () => {
      const { packets, error } = await readBytes(bytes);
      expect(error?.message).to.contain(message);
      expect(error?.code).to.equal(code);
      expect(packets).to.have.length(count);
    });
  }

  it('never crashes or hangs on mutated files', async () => {
    const mutation = fc.record({
      at: fc.nat(many.length - 1),
      value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 4, 0x80, 0xff)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { maxLength: 8 }), fc.nat(many.length), async (mutations, length) => {
        const bytes = many.slice(0, length);
        for (const { at, value } of mutations) if (at < length) bytes[at] = value;
        const { packets } = await readBytes(bytes, 50);
        expect(packets.length).to.be.at.most(many.length / 16);
      }),
      { numRuns: 2000 },
    );
  });

  it('converts time stamps of every resolution exactly', async () => {
    const seconds = fc.bigInt({ min: 0n, max: 0xffff_ffffn });
    const exponent = fc.oneof(
      fc.nat(9),
      fc.nat(29).map((value) => 0x80 | value),
    );
    await fc.assert(
      fc.asyncProperty(
        seconds,
        exponent,
        fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }),
        async (whole, resolution, part) => {
          const units = resolution < 0x80 ? 10n ** BigInt(resolution) : 1n << BigInt(resolution & 0x7f);
          const fraction = part % units;
          const time = whole * units + fraction;
          const bytes = changed(48, resolution);
          const view = new DataView(bytes.buffer);
          view.setUint32(108, Number(time >> 32n), true);
          view.setUint32(112, Number(time & 0xffff_ffffn), true);
          const { packets } = await readBytes(bytes);
          expect(packets[0]).to.include({
            seconds: Number(whole),
            nanoseconds: Number((fraction * 1_000_000_000n) / units),
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  describe('writing', () => {
    const options = { snaplen: 262_144, application: 'pktf test' };

    it('writes what was read, whatever the link types, with comments', async () => {
      const to = join(directory, 'copy.pcapng');
      const writer = await createPcapngFile(to, options);
      const capture = await openCapture(join('test', 'pcaps', 'many-sections.pcapng'));
      for await (const batch of capture.batches()) {
        for (let index = 0; index < batch.count; index++) {
          await writer.write(batch, index, index === 0 ? `rule "größer" ${batch.firstNumber}` : undefined);
        }
      }
      await writer.close();
      expect(writer.packets()).to.equal(7);
      expect(await readFile(to)).to.deep.equal(await readBytes(many));
    });

    it('writes what tshark reads, comments included', function () {
      requireOrSkip(this, 'tshark', hasTshark(), 'tshark is not installed');
      const to = join(directory, 'copy.pcapng');
      const { stdout } = spawnSync('tshark', ['-r', to, '-T', 'fields', '-e', 'frame.comment', '-e', 'frame.len'], {
        encoding: 'utf8',
      });
      expect(stdout.split('\n').slice(0, 3)).to.deep.equal(['rule "größer" 1\t54', '\t54', 'rule "größer" 3\t40']);
    });
  });

  it('reads what tshark reads', async function () {
    requireOrSkip(this, 'tshark', hasTshark(), 'tshark is not installed');
    const file = join(directory, 'many.pcapng');
    // Without the simple packet, whose missing time tshark leaves out.
    writeFileSync(file, many);
    const [ours, theirs] = [await ourPackets(file), tsharkPackets(file)];
    const withTime = (packets: readonly string[]): readonly string[] => packets.filter((_, index) => index !== 4);
    expect(withTime(ours)).to.deep.equal(withTime(theirs));
    expect(theirs).to.have.length(7);
  });

  it('reads what tshark reads from the captures of PKTF_SHARED', async function () {
    const shared = process.env['PKTF_SHARED'];
    requireOrSkip(this, 'shared', shared !== undefined, 'PKTF_SHARED names no folder of captures');
    requireOrSkip(this, 'tshark', hasTshark(), 'tshark is not installed');
    this.timeout(120_000);
    const folder = join(shared as string, 'pcaps');
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.pcapng'))) {
      expect(await ourPackets(join(folder, file)), file).to.deep.equal(tsharkPackets(join(folder, file)));
    }
  });
});

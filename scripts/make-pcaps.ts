// Makes the captures of test/pcaps, always the same bytes: node dist/scripts/make-pcaps.js
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { linkTypeFacts, type LinkType } from '../src/ir/link-type.ts';
import { buildLink, concat } from '../src/packet/build.ts';
import { frameOf } from '../src/packet/flow-frame.ts';
import { parseFlow } from '../src/packet/flow.ts';
import { ipPackets, mixedFrames } from './pcap-packets.ts';
import { manySections } from './pcapng-blocks.ts';

interface FileOptions {
  readonly magic?: number;
  readonly bigEndian?: boolean;
  readonly version?: readonly [number, number];
  readonly snaplen?: number;
  readonly linkType?: LinkType;
  /** Bytes after the usual 16 of each record header. */
  readonly recordExtra?: number;
}

const microseconds = 0xa1b2c3d4;
const nanoseconds = 0xa1b23c4d;
const kuznetzov = 0xa1b2cd34;
/** 2023-11-14 22:13:20 UTC: where the clock of all captures starts. */
const startTime = 1_700_000_000;

/** A capture with one packet every 1.000123 seconds. */
function capture(packets: readonly Uint8Array[], options: FileOptions = {}): Uint8Array {
  const { magic = microseconds, version = [2, 4], snaplen = 262_144, linkType = 'EN10MB', recordExtra = 0 } = options;
  const littleEndian = options.bigEndian !== true;
  const header = new DataView(new ArrayBuffer(24));
  header.setUint32(0, magic, littleEndian);
  header.setUint16(4, version[0], littleEndian);
  header.setUint16(6, version[1], littleEndian);
  header.setUint32(16, snaplen, littleEndian);
  header.setUint32(20, linkTypeFacts(linkType).fileValue, littleEndian);
  const records = packets.flatMap((packet, index) => {
    const record = new DataView(new ArrayBuffer(16 + recordExtra));
    record.setUint32(0, startTime + index, littleEndian);
    record.setUint32(4, magic === nanoseconds ? 123_456_789 + index : 123 * index, littleEndian);
    record.setUint32(8, Math.min(packet.length, snaplen), littleEndian);
    record.setUint32(12, packet.length, littleEndian);
    return [new Uint8Array(record.buffer), packet.subarray(0, snaplen)];
  });
  return concat(new Uint8Array(header.buffer), ...records);
}

/** 34 connections to port 22 from the office and 1,200 from elsewhere, most of them from a few scanners. */
function sshFrames(): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let i = 0; i < 1234; i++) {
    // Every 36th is the office's: 34 of 1,234 (0, 36, …, 1188).
    frames.push(frameOf(parseFlow(i % 36 === 0 && i < 34 * 36 ? officeFlow(i / 36) : scannerFlow(i))));
  }
  return frames;
}

function officeFlow(index: number): string {
  if (index % 4 === 3) return `tcp [2001:db8:1::${(index + 1).toString(16)}]:${41_000 + index} > [2001:db8::22]:22`;
  const tag = index % 4 === 2 ? 'vlan 7 ' : '';
  return `${tag}tcp 198.51.100.${7 + index}:${40_000 + index} > 192.0.2.1:22`;
}

function scannerFlow(index: number): string {
  if (index % 50 === 49) return `tcp [2001:db8:bad::${index.toString(16)}]:${30_000 + index} > [2001:db8::22]:22`;
  return `tcp 203.0.113.${index % 7}:${30_000 + index} > 192.0.2.${1 + (index % 250)}:22`;
}

function changed(bytes: Uint8Array, offset: number, ...values: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  copy.set(values, offset);
  return copy;
}

/** The captures by file name. test/pcaps/README.md says what each is for. */
export function makeCaptures(): ReadonlyMap<string, Uint8Array> {
  const mixed = mixedFrames();
  const whole = capture(mixed);
  const over = (linkType: LinkType): Uint8Array[] =>
    ipPackets()
      .filter(
        (packet) => !(linkType === 'IPV4' && packet[0]! >> 4 === 6) && !(linkType === 'IPV6' && packet[0]! >> 4 === 4),
      )
      .map((packet) => buildLink(linkType, packet[0]! >> 4 === 4 ? 0x0800 : 0x86dd, packet));
  const swappedFamily = over('NULL').map((frame) => concat(frame.subarray(0, 4).slice().reverse(), frame.subarray(4)));
  const thirdRecord = 24 + 2 * 16 + mixed[0]!.length + mixed[1]!.length;
  return new Map<string, Uint8Array>([
    ['mixed.pcap', whole],
    ['ssh.pcap', capture(sshFrames())],
    ['big-endian.pcap', capture(mixed, { bigEndian: true })],
    ['nanoseconds.pcap', capture(mixed, { magic: nanoseconds })],
    ['nanoseconds-big-endian.pcap', capture(mixed, { magic: nanoseconds, bigEndian: true })],
    ['modified.pcap', capture(mixed, { magic: kuznetzov, recordExtra: 8 })],
    ['version-2.2.pcap', swapLengths(capture(mixed, { version: [2, 2], snaplen: 60 }))],
    ['snapped.pcap', capture(mixed, { snaplen: 40 })],
    ['frame-check-sequence.pcap', changed(whole, 23, 0x44)],
    ['raw.pcap', capture(over('RAW'), { linkType: 'RAW' })],
    ['ipv4.pcap', capture(over('IPV4'), { linkType: 'IPV4' })],
    ['ipv6.pcap', capture(over('IPV6'), { linkType: 'IPV6' })],
    ['sll.pcap', capture(over('LINUX_SLL'), { linkType: 'LINUX_SLL' })],
    ['sll2.pcap', capture(over('LINUX_SLL2'), { linkType: 'LINUX_SLL2' })],
    ['null.pcap', capture(over('NULL'), { linkType: 'NULL' })],
    ['null-big-endian.pcap', capture(swappedFamily, { linkType: 'NULL', bigEndian: true })],
    ['loop.pcap', capture(over('LOOP'), { linkType: 'LOOP' })],
    ['ppp.pcap', capture(over('PPP'), { linkType: 'PPP' })],
    ['many-sections.pcapng', manySections()],
    ['no-packets.pcap', capture([])],
    ['empty.pcap', new Uint8Array(0)],
    ['not-a-capture.pcap', new TextEncoder().encode('This is a letter, and no capture.\n')],
    ['truncated-file-header.pcap', whole.subarray(0, 17)],
    ['truncated-record-header.pcap', whole.subarray(0, thirdRecord + 9)],
    ['truncated-packet.pcap', whole.subarray(0, whole.length - 5)],
    ['absurd-length.pcap', changed(whole, thirdRecord + 8, 0, 0, 0, 0x80)],
    ['bad-version.pcap', changed(whole, 4, 9, 0, 0, 0)],
    ['reserved-bits.pcap', changed(whole, 22, 0x01)],
  ]);
}

/** Before version 2.3 the length on the wire stood before the captured one. */
function swapLengths(file: Uint8Array): Uint8Array {
  const copy = file.slice();
  const view = new DataView(copy.buffer);
  for (let position = 24; position < copy.length;) {
    const captured = view.getUint32(position + 8, true);
    view.setUint32(position + 8, view.getUint32(position + 12, true), true);
    view.setUint32(position + 12, captured, true);
    position += 16 + captured;
  }
  return copy;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [name, bytes] of makeCaptures()) writeFileSync(join('test', 'pcaps', name), bytes);
}

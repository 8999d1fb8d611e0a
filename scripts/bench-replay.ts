// npm run bench -- replay [--rounds N]: replay beside tcpdump as whole processes, and loops in memory beside bpf_filter.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../src/cli/output.ts';
import { compileToJavaScript } from '../src/javascript/compile.ts';
import type { BatchFunction, Columns } from '../src/javascript/columns.ts';
import { systemNames } from '../src/names/system-names.ts';
import { frameOf } from '../src/packet/flow-frame.ts';
import { parseFlow } from '../src/packet/flow.ts';
import { compileFilter, filterGraph } from '../src/pipeline.ts';
import { median } from './bench/nanoseconds.ts';

const filters = ['tcp port 22', 'udp port 53 or (tcp and net 10.0.0.0/8 and not port 80) or icmp or vlan'];
const packets = 1_000_000;
const pktf = fileURLToPath(new URL('../../bin/pktf', import.meta.url));
const loopSource = fileURLToPath(new URL('../../scripts/bench/filter-loop.c', import.meta.url));

export function benchReplay(words: readonly string[]): void {
  const { values } = parseArgs({ args: [...words], options: { rounds: { type: 'string', default: '15' } } });
  const rounds = Number(values.rounds);
  const directory = mkdtempSync(join(tmpdir(), 'pktf-bench-'));
  try {
    const capture = join(directory, 'large.pcap');
    writeFileSync(capture, manyPackets());
    const loop = join(directory, 'filter-loop');
    run('cc', '-O2', '-o', loop, loopSource, '-lpcap');
    const rows = filters.map((filter) => {
      const whole = wholeProcesses(capture, filter, rounds);
      const inMemory = loopsInMemory(loop, capture, filter, rounds);
      return [filter, ...whole, ...inMemory].map((cell) => (typeof cell === 'number' ? cell.toFixed(2) : cell));
    });
    const head = ['filter', 'process / tcpdump', 'loop, ns a packet', 'bpf_filter', 'times faster'];
    for (const line of table([head, ...rows], new Set([1, 2, 3, 4]))) process.stdout.write(`${line}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** How much longer pktf takes than tcpdump, from start to end. */
function wholeProcesses(capture: string, filter: string, rounds: number): readonly [number] {
  const ratios: number[] = [];
  // The first round fills the page cache and the code cache.
  for (let round = 0; round <= rounds; round++) {
    const theirs = run('tcpdump', '-r', capture, '-w', '/dev/null', filter);
    const ours = run(process.execPath, pktf, 'replay', capture, filter, '--count');
    if (round > 0) ratios.push(ours.milliseconds / theirs.milliseconds);
  }
  return [median(ratios)];
}

function loopsInMemory(loop: string, capture: string, filter: string, rounds: number): readonly number[] {
  const batch = batchOf(readFileSync(capture));
  const { entry } = filterGraph(
    compileFilter({ name: 'filter', text: filter }, { linkType: 'EN10MB', names: systemNames() }),
  );
  const program = compileToJavaScript(entry, ({ kind }) => (kind === 'match' ? 1 : 0));
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round <= rounds; round++) {
    const [matches, , ...times] = run(loop, capture, filter, '3').stdout.trimEnd().split('\n').map(Number);
    const { matched, nanoseconds } = timeLoop(program, batch);
    if (matches !== matched) throw new Error(`${filter}: ${matched} packets match here, ${matches} in libpcap`);
    if (round === 0) continue;
    theirs.push(Math.min(...times));
    ours.push(nanoseconds);
  }
  return [median(ours), median(theirs), median(theirs) / median(ours)];
}

/** The quickest of a few, as for the other side. */
function timeLoop(program: BatchFunction, batch: Columns): { readonly matched: number; readonly nanoseconds: number } {
  const outcomes = new Uint16Array(batch.count);
  const none = new Float64Array(0);
  let nanoseconds = Infinity;
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    program(batch, outcomes, none, none);
    const { user, system } = process.cpuUsage(before);
    nanoseconds = Math.min(nanoseconds, ((user + system) * 1000) / batch.count);
  }
  return { matched: outcomes.reduce((sum, outcome) => sum + outcome, 0), nanoseconds };
}

function run(command: string, ...words: string[]): { readonly stdout: string; readonly milliseconds: number } {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return { stdout, milliseconds: performance.now() - start };
}

const kinds = [
  'tcp 10.0.0.1:40000 > 192.0.2.1:22',
  'tcp 10.0.0.1:40000 > 192.0.2.1:443 len 120',
  'tcp 192.0.2.1:443 > 10.0.0.1:40000 len 90',
  'tcp 198.51.100.1:80 > 192.0.2.9:50000',
  'tcp [2001:db8::1]:50000 > [2001:db8::2]:443',
  'tcp [2001:db8::1]:22 > [2001:db8::2]:50000',
  'udp 10.0.0.1:40000 > 192.0.2.1:53 len 70',
  'udp 192.0.2.7:123 > 192.0.2.1:123 len 90',
  'icmp 10.0.0.1 > 192.0.2.1',
  'vlan 7 udp 10.0.0.1:1000 > 10.0.0.2:2000',
];

/** A capture in which kinds of packets follow each other without a pattern that a processor could learn. */
function manyPackets(): Uint8Array {
  const frames = kinds.map((flow) => frameOf(parseFlow(flow)));
  let state = 1;
  const order = Uint8Array.from({ length: packets }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % frames.length;
  });
  const size = order.reduce((sum, kind) => sum + 16 + (frames[kind] as Uint8Array).length, 24);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const header = [0xa1b2c3d4, 0x0004_0002, 0, 0, 262_144, 1];
  header.forEach((word, index) => view.setUint32(4 * index, word, true));
  let at = 24;
  for (const kind of order) {
    const frame = frames[kind] as Uint8Array;
    [1_700_000_000, 0, frame.length, frame.length].forEach((word, index) => view.setUint32(at + 4 * index, word, true));
    bytes.set(frame, at + 16);
    at += 16 + frame.length;
  }
  return bytes;
}

/** All packets of that capture in one batch. */
function batchOf(bytes: Uint8Array): Columns {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [offsets, capturedLengths, lengths] = [0, 1, 2].map(() => new Uint32Array(packets)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  let at = 24;
  for (let i = 0; i < packets; i++) {
    offsets[i] = at + 16;
    capturedLengths[i] = view.getUint32(at + 8, true);
    lengths[i] = view.getUint32(at + 12, true);
    at += 16 + (capturedLengths[i] as number);
  }
  return { count: packets, bytes, offsets, capturedLengths, lengths };
}

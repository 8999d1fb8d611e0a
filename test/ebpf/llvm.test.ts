import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { assemble } from '../../src/ebpf/assemble.ts';
import { decode } from '../../src/ebpf/decode.ts';
import { disassemble } from '../../src/ebpf/disassemble.ts';
import { encode } from '../../src/ebpf/encode.ts';
import { requireOrSkip } from '../support/require.ts';

/** All kinds of instructions that a compiler makes of C, helpers of maps aside. */
const program = `
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
struct context { u32 data, end; };
static long (*load_bytes)(void *, u32, void *, u32) = (void *) 189;
__attribute__((section("xdp"), used)) int filter(struct context *c) {
  u8 *data = (void *)(long) c->data, *end = (void *)(long) c->end;
  u64 buffer[4] = { 1, 2, 3, 0x123456789abcdef0ull };
  if (data + 64 > end) { if (load_bytes(c, 1, buffer, 8)) return -1; data = (void *) buffer; }
  u16 a = *(u16 *)(data + 12); u32 b = *(u32 *)(data + 14); u64 d = *(u64 *)(data + 18);
  long long s = (long long) d >> 3;
  if (__builtin_bswap16(a) > 1500 && (b & 0xff0000ff)) buffer[1] = -d * 5 + b / (a + 1) % 77;
  if (s < -5 || (int) b < (int) a) buffer[2] ^= __builtin_bswap64(d) | __builtin_bswap32(b);
  *(volatile u8 *) buffer = 3; *(volatile u16 *)(buffer + 1) = a; *(volatile u32 *)(buffer + 2) = b;
  for (u32 i = 0; i < (a & 7); i++) buffer[3] += buffer[i & 3] << i;
  return (u32)(buffer[0] + buffer[1] + buffer[2] + buffer[3]) - (b << (a & 31));
}
`;

describe('eBPF encoding and LLVM', () => {
  let folder: string;

  before(function () {
    folder = mkdtempSync(join(tmpdir(), 'pktf-llvm-'));
    writeFileSync(join(folder, 'program.c'), program);
    requireOrSkip(this, 'clang', build(folder), 'clang and llvm are not installed');
  });

  after(() => rmSync(folder, { recursive: true }));

  for (const cpu of ['v2', 'v3']) {
    it(`encodes what llvm-objdump prints as clang did (${cpu})`, () => {
      const bytes = new Uint8Array(readFileSync(join(folder, `${cpu}.bin`)));
      const listing = readFileSync(join(folder, `${cpu}.txt`), 'utf8');
      const lines = listing.split('\n').filter((line) => /^\s*\d+:|<.*>:$/.test(line));
      expect(bytes.length).to.be.above(300);
      expect(encode(assemble({ name: 'listing', text: lines.join('\n') }))).to.deep.equal(bytes);
      expect(encode(decode(bytes))).to.deep.equal(bytes);
    });

    it(`prints what llvm-objdump prints (${cpu})`, () => {
      const bytes = new Uint8Array(readFileSync(join(folder, `${cpu}.bin`)));
      const listing = readFileSync(join(folder, `${cpu}.txt`), 'utf8');
      // Names of labels and of helpers are ours, and so is the choice between decimal and hexadecimal.
      const plain = (line: string): string =>
        line
          .replace(/^\s*\d+:\s*/, '')
          .replace(/ <\w+>$/, '')
          .replace(/call bpf_\w+#/, 'call ')
          .replaceAll(/0x[0-9a-f]+/g, (hex) => String(Number(hex)));
      const theirs = listing
        .split('\n')
        .filter((line) => /^\s*\d+:/.test(line))
        .map(plain);
      const ours = disassemble(decode(bytes))
        .split('\n')
        .filter((line) => /^\s*\d+:/.test(line))
        .map(plain);
      expect(ours).to.deep.equal(theirs);
    });
  }
});

function build(folder: string): boolean {
  const run = (command: string, ...words: string[]): Buffer =>
    execFileSync(command, words, { cwd: folder, stdio: 'pipe' });
  try {
    for (const cpu of ['v2', 'v3']) {
      run('clang', '-O2', '-target', 'bpf', `-mcpu=${cpu}`, '-c', 'program.c', '-o', `${cpu}.o`);
      run('llvm-objcopy', '-O', 'binary', '--only-section=xdp', `${cpu}.o`, `${cpu}.bin`);
      writeFileSync(join(folder, `${cpu}.txt`), run('llvm-objdump', '-d', '--no-show-raw-insn', `${cpu}.o`));
    }
    return true;
  } catch {
    return false;
  }
}

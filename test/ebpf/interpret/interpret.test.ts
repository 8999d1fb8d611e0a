import { expect } from 'chai';
import { assemble } from '../../../src/ebpf/assemble.ts';
import { createInterpreter, interpret, run, type RunOptions } from '../../../src/ebpf/interpret/interpret.ts';
import { createMaps, createRuntimeMap } from '../../../src/ebpf/interpret/maps.ts';
import type { MapSpec, Program, ProgramType } from '../../../src/ebpf/program.ts';
import { wholePacket } from '../../../src/ir/packet.ts';

const counters: MapSpec = {
  name: 'counters',
  type: 'percpu-array',
  keySize: 4,
  valueSize: 16,
  maxEntries: 2,
  flags: 0,
};
const seen: MapSpec = { name: 'seen', type: 'hash', keySize: 4, valueSize: 8, maxEntries: 1, flags: 1 };

function programOf(text: string, type: ProgramType = 'xdp'): Program {
  return {
    name: 'test',
    type,
    instructions: assemble({ name: 'test', text }),
    maps: [counters, seen],
    license: 'GPL',
  };
}

const packet = wholePacket(Uint8Array.from({ length: 20 }, (_, index) => index + 1));

const result = (text: string, options: RunOptions = {}, type: ProgramType = 'xdp'): number =>
  run(programOf(text, type), packet, options).returnValue;

describe('the eBPF interpreter', () => {
  it('reads the packet behind its pointers', () => {
    const text = `
      r2 = *(u32 *)(r1 + 0)
      r3 = *(u32 *)(r1 + 4)
      r4 = r3
      r4 -= r2
      r0 = *(u16 *)(r2 + 12)
      r0 <<= 8
      r0 += r4
      exit`;
    expect(result(text)).to.equal(0x0e0d14);
    expect(result(text, { linear: 16 })).to.equal(0x0e0d10);
    expect(() => result(text, { linear: 13 })).to.throw('bytes 12 to 14 are not directly readable');
  });

  it('counts in maps', () => {
    const program = programOf(`
      *(u32 *)(r10 - 4) = 1
      r2 = r10
      r2 += -4
      r1 = map[counters]
      call bpf_map_lookup_elem
      if r0 == 0 goto missing
      r1 = *(u64 *)(r0 + 8)
      r1 += 5
      *(u64 *)(r0 + 8) = r1
      missing:
      r0 = 0
      exit`);
    const maps = createMaps(program);
    const interpreter = createInterpreter(program);
    for (let i = 0; i < 3; i++) interpret(interpreter, packet, { maps });
    const value = maps.get('counters')?.lookup(Uint8Array.of(1, 0, 0, 0));
    expect([...(value as Uint8Array)]).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0, 0, 0, 0, 0]);
    expect(interpret(interpreter, packet, { maps }).steps).to.equal(11);
  });

  it('calls helpers', () => {
    expect(result('call bpf_xdp_get_buff_len\nexit')).to.equal(20);
    expect(result('call bpf_jiffies64\nr0 >>= 32\nexit', { jiffies: 7n << 32n })).to.equal(7);
    const redirected = run(programOf('r1 = 3\nr2 = 0\ncall bpf_redirect\nexit'), packet);
    expect(redirected).to.include({ returnValue: 4, redirectedTo: 3 });
    const reading = (helper: string, offset: number): string => `
      r2 = ${offset}
      r3 = r10
      r3 += -8
      r4 = 2
      call ${helper}
      if r0 != 0 goto end
      r0 = *(u16 *)(r10 - 8)
      end:
      exit`;
    expect(result(reading('bpf_xdp_load_bytes', 18), { linear: 0 })).to.equal(0x1413);
    expect(result(reading('bpf_xdp_load_bytes', 19))).to.equal(-22);
    expect(result(reading('bpf_skb_load_bytes', 0x7fffffff), {}, 'sched-cls')).to.equal(-14);
  });

  it('keeps pointers on the stack', () => {
    expect(result('*(u64 *)(r10 - 8) = r1\nr3 = *(u64 *)(r10 - 8)\nr0 = *(u32 *)(r3 + 12)\nexit')).to.equal(0);
  });

  for (const [what, text, message] of [
    ['a register never written', 'r0 = r5\nexit', 'r5 was never written'],
    ['a result never written', 'exit', 'r0 was never written'],
    ['a pointer as result', 'r0 = r1\nexit', 'r0 holds a pointer'],
    ['registers after a call', 'call bpf_jiffies64\nr0 = r1\nexit', 'r1 was never written'],
    ['stack never written', 'r0 = *(u32 *)(r10 - 4)\nexit', '4 bytes at r10 -4 were never written'],
    ['beyond the stack', '*(u32 *)(r10 - 516) = 1\nexit', '4 bytes at r10 -516 are not on the stack'],
    ['above the stack', '*(u32 *)(r10 + 0) = 1\nexit', '4 bytes at r10 0 are not on the stack'],
    ['half a pointer', '*(u64 *)(r10 - 8) = r1\nr0 = *(u32 *)(r10 - 8)\nexit', 'a pointer lies on the stack at r10 -8'],
    ['an unknown field', 'r0 = *(u32 *)(r1 + 2)\nexit', 'no field of 4 bytes at 2'],
    [
      'the end as data',
      'r3 = *(u32 *)(r1 + 4)\nr0 = *(u8 *)(r3 + 0)\nexit',
      'r3 is no pointer that can be read through',
    ],
    ['pointer arithmetic', 'r1 *= 2\nexit', 'arithmetic on the pointer in r1'],
    ['32-bit pointer arithmetic', 'w1 += 2\nexit', 'r1 holds a pointer'],
    ['a comparison of unlike pointers', 'if r1 > r10 goto +0\nexit', 'r1 and r10 cannot be compared'],
    ['a far pointer', 'r2 = *(u32 *)(r1 + 0)\nr2 += 0x20000000\nexit', 'a pointer is moved too far'],
    ['running off the end', 'r0 = 0', 'the program runs off its end'],
    ['an unknown helper', 'call 77\nexit', 'does not know the helper 77'],
  ] as const) {
    it(`refuses ${what}, as the verifier would`, () => {
      expect(() => result(text)).to.throw(message);
    });
  }
});

describe('maps of the interpreter', () => {
  const key = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);

  it('hash: any, absent only, present only, full', () => {
    const map = createRuntimeMap(seen);
    const value = new Uint8Array(8);
    expect(map.update(key(1, 0, 0, 0), value, 2)).to.equal(-2);
    expect(map.update(key(1, 0, 0, 0), value, 1)).to.equal(0);
    expect(map.update(key(1, 0, 0, 0), value, 1)).to.equal(-17);
    expect(map.update(key(2, 0, 0, 0), value, 0)).to.equal(-7);
    expect(map.remove(key(1, 0, 0, 0))).to.equal(0);
    expect(map.remove(key(1, 0, 0, 0))).to.equal(-2);
    expect(map.lookup(key(1, 0, 0, 0))).to.equal(undefined);
  });

  it('array: every element is there, none beyond', () => {
    const map = createRuntimeMap(counters);
    expect(map.lookup(key(1, 0, 0, 0))).to.have.length(16);
    expect(map.lookup(key(2, 0, 0, 0))).to.equal(undefined);
    expect(map.update(key(0, 0, 0, 0), new Uint8Array(16).fill(1), 1)).to.equal(-17);
    expect(map.update(key(2, 0, 0, 0), new Uint8Array(16), 0)).to.equal(-7);
    expect(map.remove(key(0, 0, 0, 0))).to.equal(-22);
  });

  it('trie: the longest prefix that fits', () => {
    const map = createRuntimeMap({ name: 'nets', type: 'lpm-trie', keySize: 8, valueSize: 1, maxEntries: 9, flags: 1 });
    map.update(key(8, 0, 0, 0, 10, 0, 0, 0), key(1), 0);
    map.update(key(12, 0, 0, 0, 10, 0x1f, 0, 0), key(2), 0);
    map.update(key(32, 0, 0, 0, 10, 1, 2, 3), key(3), 0);
    const found = (...address: number[]): number => map.lookup(key(32, 0, 0, 0, ...address))?.[0] ?? 0;
    expect([found(10, 1, 2, 3), found(10, 0x1a, 0, 0), found(10, 0x2a, 0, 0), found(11, 0, 0, 0)]).to.deep.equal([
      3, 2, 1, 0,
    ]);
    expect(map.update(key(33, 0, 0, 0, 1, 2, 3, 4), key(1), 0)).to.equal(-22);
    expect(map.remove(key(12, 0, 0, 0, 10, 0x10, 0, 0))).to.equal(0);
    expect(found(10, 0x1a, 0, 0)).to.equal(1);
  });

  it('refuses maps of programs', () => {
    expect(() => createRuntimeMap({ ...seen, type: 'program-array' })).to.throw('no maps of type program-array');
  });
});

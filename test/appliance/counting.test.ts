import { expect } from 'chai';
import { readCounterReports } from '../../src/appliance/counters.ts';
import { attachFilter } from '../../src/appliance/attach.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { openRealKernel } from '../support/real-kernel.ts';
import { frame } from './frames.ts';
import { silence, withLaboratory } from './laboratory.ts';

type Counter = 'match' | 'default' | 'malformed';

const [ssh, http] = [frame('tcp 10.0.0.1:40000 > 10.0.0.2:22'), frame('tcp 10.0.0.1:40000 > 10.0.0.2:80')];
const ssh6 = frame('tcp [2001:db8::1]:40000 > [2001:db8::2]:22');
const udp6 = frame('udp [2001:db8::1]:7 > [2001:db8::2]:22');

/** A frame with a tag put in. */
function tagged(bytes: Uint8Array, type: number): Uint8Array {
  return Uint8Array.of(...bytes.subarray(0, 12), type >> 8, type & 0xff, 0, 7, ...bytes.subarray(12));
}

function withByte(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const changed = bytes.slice();
  changed[offset] = value;
  return changed;
}

function ofType(type: number, ...payload: readonly number[]): Uint8Array {
  return Uint8Array.of(...ssh.subarray(0, 12), type >> 8, type & 0xff, ...payload);
}

/** What `tcp port 22` with --action drop makes of frames, said by hand. */
const frames: readonly (readonly [what: string, bytes: Uint8Array, counter: Counter])[] = [
  ['TCP to 22', ssh, 'match'],
  ['TCP from 22', frame('tcp 10.0.0.1:22 > 10.0.0.2:40000'), 'match'],
  ['TCP to 22, full size', frame('tcp 10.0.0.1:40000 > 10.0.0.2:22 len 1514'), 'match'],
  ['TCP to 22 over IPv6', ssh6, 'match'],
  ['TCP to 22, cut behind its ports', ssh.subarray(0, 38), 'match'],
  ['TCP to 80', http, 'default'],
  ['TCP to 80, full size', frame('tcp 10.0.0.1:40000 > 10.0.0.2:80 len 1514'), 'default'],
  ['UDP to 22', frame('udp 10.0.0.1:7 > 10.0.0.2:22'), 'default'],
  ['UDP to 22 over IPv6', udp6, 'default'],
  ['a later fragment', withByte(ssh, 21, 1), 'default'],
  ['TCP to 22 behind a tag', tagged(ssh, 0x8100), 'default'],
  ['TCP to 22 behind a service tag', tagged(ssh, 0x88a8), 'default'],
  ['TCP to 22 behind an old service tag', tagged(ssh, 0x9100), 'default'],
  ['TCP to 22 behind two tags', tagged(tagged(ssh, 0x8100), 0x88a8), 'default'],
  ['LLC', ofType(3, 0x42, 0x42, 3), 'default'],
  ['an unknown type and nothing else', ofType(0x88b5), 'default'],
  ['IPv4 and nothing else', ofType(0x0800), 'malformed'],
  ['IPv6 and nothing else', ofType(0x86dd), 'malformed'],
  ['ARP, cut', ofType(0x0806, 0, 1, 8, 0), 'malformed'],
  ['an IPv4 header, cut', http.subarray(0, 30), 'malformed'],
  ['IPv4 options, cut', withByte(http.subarray(0, 40), 14, 0x4f), 'malformed'],
  ['an IPv6 header, cut', ssh6.subarray(0, 50), 'malformed'],
  ['a TCP header to 80, cut', http.subarray(0, 40), 'malformed'],
  ['TCP to 22, cut in its ports', ssh.subarray(0, 36), 'malformed'],
  ['a UDP header, cut', udp6.subarray(0, 60), 'malformed'],
  ['IPv4 behind a tag, cut', tagged(http, 0x8100).subarray(0, 30), 'malformed'],
];

const expected = (['match', 'default', 'malformed'] as const).map((counter) => {
  const those = frames.filter((each) => each[2] === counter);
  return { name: counter, packets: those.length, bytes: those.reduce((sum, [, bytes]) => sum + bytes.length, 0) };
});

describe('counters', () => {
  let kernel: Kernel;
  before(async function () {
    kernel = await openRealKernel(this);
  });

  for (const [hook, mode] of [['xdp', 'native'], ['xdp', 'generic'], ['tc'], ['tc-egress']] as const) {
    it(`equal the packets and bytes on the wire, tagged, short and malformed ones too (${[hook, mode].filter(Boolean).join(', ')})`, () =>
      withLaboratory(kernel, (namespaces) => {
        silence(namespaces);
        const { a, b } = namespaces;
        const at = hook === 'tc-egress' ? a : b;
        const request = { interface: at.interface, filter: 'tcp port 22', action: 'drop', hook } as const;
        const counted = () =>
          at
            .inside(() => readCounterReports(kernel, at.interface))
            .flatMap(({ rules }) => rules)
            .map(({ name, packets, bytes }) => ({ name, packets: Number(packets), bytes: Number(bytes) }));
        at.inside(() => attachFilter(kernel, mode === undefined ? request : { ...request, mode }));
        const wrong: string[] = [];
        for (const [what, bytes, counter] of frames) {
          const before = counted();
          trySending(() => a.send(bytes));
          const changes = counted()
            .map(({ name, packets, bytes }, i) => [name, packets - before[i]!.packets, bytes - before[i]!.bytes])
            .filter(([, packets]) => packets !== 0);
          if (JSON.stringify(changes) !== JSON.stringify([[counter, 1, bytes.length]]))
            wrong.push(`${what} (${bytes.length} bytes): ${JSON.stringify(changes)}, not ${counter}`);
        }
        expect(wrong).to.deep.equal([]);
        expect(counted()).to.deep.equal(expected);
      }));
  }
});

/** What TC drops on its way out is refused to the sender (ENOBUFS). */
function trySending(send: () => void): void {
  try {
    send();
  } catch (error) {
    expect(String(error)).to.include('ENOBUFS');
  }
}

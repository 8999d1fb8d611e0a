import { countPossibleCpus, lookupElement, perCpuValueSize } from '../../src/kernel/bpf/map.ts';
import { programInfo } from '../../src/kernel/bpf/info.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { XdpMode } from '../../src/kernel/netlink/link.ts';
import { openPacketSocket, receivePacket, tagRoom } from '../../src/kernel/packet-socket.ts';
import { load, type LoadedProgram } from '../../src/loader/load.ts';
import {
  filterGraph,
  hookProgram,
  policyOfFilter,
  socketProgram,
  type EbpfHook,
  type Filter,
} from '../../src/pipeline.ts';
import { attachFilter } from '../../src/socket/attach.ts';
import { attachTc, replaceTc } from '../../src/tc/attach.ts';
import { attachXdp, detachXdp } from '../../src/xdp/attach.ts';
import type { Namespace } from '../support/netns.ts';
import type { Hook } from './hook.ts';

/** What a hook had to say since it was asked last. */
export interface Sighting {
  readonly packets: number;
  readonly matched: number;
  /** Of all packets, tags in metadata among them. */
  readonly bytes: number;
}

/** A filter at a hook, where filters take each other's place. */
export interface Observer {
  readonly hook: Hook;
  use(filter: Filter): void;
  look(): Sighting;
  close(): void;
}

const acceptLength = 262_144;

/** A program that counts. The frame's verdict is in its counters: `match`, and `default` or `malformed`. */
function countingObserver(
  kernel: Kernel,
  hook: Hook,
  kind: EbpfHook,
  put: (program: number, previous: number | undefined) => void,
  takeOff: () => void = () => {},
): Observer {
  const valueSize = perCpuValueSize(16, countPossibleCpus(kernel));
  let loaded: LoadedProgram | undefined;
  let before = { matched: 0, packets: 0, bytes: 0 };

  const total = (index: number): readonly [packets: number, bytes: number] => {
    const map = (loaded as LoadedProgram).maps.get('counters') as number;
    const value = lookupElement(kernel, map, Uint8Array.of(index, 0, 0, 0), valueSize) as Uint8Array;
    const numbers = new BigUint64Array(value.buffer);
    return [Number(sumOf(numbers, 0)), Number(sumOf(numbers, 1))];
  };

  return {
    hook,
    use(filter) {
      const { program } = hookProgram(policyOfFilter(filter, 'count'), { hook: kind, counters: true });
      const next = load(kernel, program);
      try {
        put(next.descriptor, loaded?.descriptor);
      } catch (error) {
        next.close();
        throw error;
      }
      loaded?.close();
      loaded = next;
      before = { matched: 0, packets: 0, bytes: 0 };
    },
    look() {
      const [[matched], [byDefault, bytes], [malformed, malformedBytes]] = [total(0), total(1), total(2)];
      const now = { matched, packets: byDefault + malformed, bytes: bytes + malformedBytes };
      const seen = {
        matched: now.matched - before.matched,
        packets: now.packets - before.packets,
        bytes: now.bytes - before.bytes,
      };
      before = now;
      return seen;
    },
    close() {
      takeOff();
      loaded?.close();
    },
  };
}

function sumOf(numbers: BigUint64Array, start: number): bigint {
  let sum = 0n;
  for (let at = start; at < numbers.length; at += 2) sum += numbers[at] as bigint;
  return sum;
}

export function xdpObserver(kernel: Kernel, at: Namespace, mode: Exclude<XdpMode, 'offload'>): Observer {
  const attempt = { ifindex: at.ifindex, mode };
  return countingObserver(
    kernel,
    `xdp ${mode}`,
    'xdp',
    (programDescriptor, previous) => {
      const replaced = previous === undefined ? {} : { expected: { kind: 'program', descriptor: previous } as const };
      at.inside(() => attachXdp(kernel, { ...attempt, programDescriptor, ...replaced }));
    },
    () => at.inside(() => detachXdp(kernel, attempt, { kind: 'anything' })),
  );
}

export function tcObserver(kernel: Kernel, at: Namespace, direction: 'ingress' | 'egress'): Observer {
  const hook = direction === 'ingress' ? 'tc' : 'tc-egress';
  return countingObserver(kernel, `tc ${direction}`, hook, (programDescriptor, previous) => {
    const attachment = { ifindex: at.ifindex, direction, programDescriptor };
    at.inside(() => {
      if (previous === undefined) attachTc(kernel, attachment);
      else replaceTc(kernel, attachment, programInfo(kernel, previous).id);
    });
  });
}

/** A packet socket with a classic program beside one without. */
export function socketObserver(kernel: Kernel, at: Namespace, direction: 'receiving' | 'sending'): Observer {
  const open = (): number =>
    at.inside(() =>
      openPacketSocket(kernel, {
        ifindex: at.ifindex,
        layer: 'raw',
        promiscuous: false,
        ignoreOutgoing: direction === 'receiving',
        receiveBuffer: 8 << 20,
      }),
    );
  // The kernel delivers to the socket that was opened last first: what `all` has got has passed the filter.
  const all = open();
  const filtered = open();
  const buffer = new Uint8Array(1 << 17);
  return {
    hook: `${direction} socket`,
    use(filter) {
      const { instructions } = socketProgram(filterGraph(filter), acceptLength);
      attachFilter(kernel, filtered, instructions);
      countPackets(kernel, filtered, buffer);
    },
    look() {
      const { packets, bytes } = countPackets(kernel, all, buffer);
      return { packets, matched: countPackets(kernel, filtered, buffer).packets, bytes };
    },
    close() {
      kernel.close(all);
      kernel.close(filtered);
    },
  };
}

function countPackets(kernel: Kernel, socket: number, buffer: Uint8Array): { packets: number; bytes: number } {
  let [packets, bytes] = [0, 0];
  for (;;) {
    const packet = receivePacket(kernel, socket, buffer);
    if (packet === undefined) return { packets, bytes };
    packets += 1;
    bytes += packet.length + (packet.tag === undefined ? 0 : tagRoom);
  }
}

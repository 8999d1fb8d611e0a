import { addBpfFilter, replaceBpfFilter } from '../../src/kernel/netlink/filter.ts';
import { addClsact } from '../../src/kernel/netlink/qdisc.ts';
import { loadProgram } from '../../src/kernel/bpf/program.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Namespace } from '../support/netns.ts';
import type { Tag } from './frames.ts';

/** Makes the kernel put tags on what an interface sends: the outer one into metadata, the others into the bytes. */
export interface TagPusher {
  /** @param tags outermost first; none: packets go as they are */
  push(tags: readonly Tag[]): void;
  close(): void;
}

/** Before pktf's own filters. */
const priority = 1;

export function openTagPusher(kernel: Kernel, from: Namespace): TagPusher {
  const programs = new Map<string, number>();
  const programFor = (tags: readonly Tag[]): number => {
    const key = JSON.stringify(tags);
    const program = programs.get(key) ?? loadPushing(kernel, tags);
    programs.set(key, program);
    return program;
  };
  const place = { ifindex: from.ifindex, direction: 'egress', priority, handle: 1 } as const;
  const nothing = programFor([]);
  let current = nothing;
  from.inside(() => {
    addClsact(kernel, from.ifindex);
    addBpfFilter(kernel, place, nothing, 'push');
  });
  return {
    push(tags) {
      const program = programFor(tags);
      if (program !== current) from.inside(() => replaceBpfFilter(kernel, place, program, 'push'));
      current = program;
    },
    close() {
      for (const program of programs.values()) kernel.close(program);
    },
  };
}

const TC_ACT_UNSPEC = -1;
const skbVlanPush = 18;
const [r0, r1, r2, r3, r6] = [0, 1, 2, 3, 6];

/** `skb_vlan_push(context, protocol, control)` for each tag, then TC_ACT_UNSPEC. */
function loadPushing(kernel: Kernel, tags: readonly Tag[]): number {
  const pushes = tags.toReversed().flatMap(({ protocol, control }) => [
    instruction(0xbf, r1, r6),
    // A __be16, on a little-endian machine.
    instruction(0xb7, r2, 0, ((protocol & 0xff) << 8) | (protocol >> 8)),
    instruction(0xb7, r3, 0, control),
    instruction(0x85, 0, 0, skbVlanPush),
  ]);
  const all = [instruction(0xbf, r6, r1), ...pushes, instruction(0xb7, r0, 0, TC_ACT_UNSPEC), instruction(0x95, 0, 0)];
  return loadProgram(kernel, {
    name: 'push_tags',
    type: 'sched-cls',
    instructions: Uint8Array.from(all.flatMap((each) => [...each])),
    license: 'MIT',
  });
}

/** `struct bpf_insn` */
function instruction(code: number, destination: number, source: number, immediate = 0): Uint8Array {
  const bytes = Uint8Array.of(code, (source << 4) | destination, 0, 0, 0, 0, 0, 0);
  new DataView(bytes.buffer).setInt32(4, immediate, true);
  return bytes;
}

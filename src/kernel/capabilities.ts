import type { Kernel } from './kernel.ts';

/** The capabilities that pktf can use (capabilities(7)), by their bit. */
const bits = {
  CAP_NET_ADMIN: 12,
  CAP_NET_RAW: 13,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export type Capability = keyof typeof bits;

/** Those that this process holds (effective). CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, too. */
export function heldCapabilities(kernel: Kernel): ReadonlySet<Capability> {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(kernel.readTextFile('/proc/self/status'));
  const effective = BigInt(`0x${line?.[1] ?? '0'}`);
  const has = (bit: number) => ((effective >> BigInt(bit)) & 1n) === 1n;
  const held = new Set<Capability>();
  for (const [name, bit] of Object.entries(bits)) if (has(bit)) held.add(name as Capability);
  if (held.has('CAP_SYS_ADMIN')) held.add('CAP_BPF').add('CAP_PERFMON');
  return held;
}

import { attachTypes, loadProgram, programFlags } from '../../src/kernel/bpf/program.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';

/** `r0 = value; exit`, as `struct bpf_insn`. */
export function returning(value: number): Uint8Array {
  const instructions = Uint8Array.of(0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
  new DataView(instructions.buffer).setInt32(4, value, true);
  return instructions;
}

export const XDP_DROP = 1;
export const XDP_PASS = 2;
export const TC_ACT_UNSPEC = -1;
export const TC_ACT_SHOT = 2;

/** Loads an XDP program that always gives one verdict. @returns a descriptor */
export function loadXdp(kernel: Kernel, verdict: number): number {
  return loadProgram(kernel, {
    name: 'tiny_xdp',
    type: 'xdp',
    instructions: returning(verdict),
    license: 'MIT',
    flags: programFlags.xdpHasFrags,
    expectedAttachType: attachTypes.xdp,
  });
}

/** Loads an XDP program that takes whole packets only, as other tools' do. @returns a descriptor */
export function loadXdpWithoutFrags(kernel: Kernel): number {
  return loadProgram(kernel, { name: 'no_frags', type: 'xdp', instructions: returning(XDP_PASS), license: 'MIT' });
}

/** Loads a TC program that always gives one verdict. @returns a descriptor */
export function loadTc(kernel: Kernel, verdict: number): number {
  return loadProgram(kernel, { name: 'tiny_tc', type: 'sched-cls', instructions: returning(verdict), license: 'MIT' });
}

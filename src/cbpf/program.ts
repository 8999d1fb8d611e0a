import type { LinkType } from '../ir/link-type.ts';
import type { Instruction } from './instruction.ts';

/** A classic BPF program with the link type that its offsets are for. */
export interface Program {
  readonly linkType: LinkType;
  readonly instructions: readonly Instruction[];
}

/** The kernel's and libpcap's form of an instruction (`struct sock_filter`). */
export interface RawInstruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

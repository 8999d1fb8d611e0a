import type { MetadataField } from '../ir/value.ts';
import type { Verdict } from '../ir/verdict.ts';
import type { KernelContext } from './kernel-context.ts';
import type { ProgramType } from './program.ts';

/** What the code generator must know of a hook; `xdp/program.ts` and `tc/program.ts` fill it in. */
export interface HookShape {
  readonly type: ProgramType;
  /** Offsets in the context of the 32-bit fields that hold the pointers to the directly readable bytes. */
  readonly dataOffset: number;
  readonly dataEndOffset: number;
  /** What the verifier lets a program read directly; anywhere unless said. */
  readonly packetAccess?: PacketAccess;
  /** The helper `(context, offset, buffer, size)` that reads bytes wherever they lie; not 0 where it cannot. */
  readonly loadBytes: number;
  /** The packet's length as the hook holds it. */
  readonly length: LengthSource;
  /**
   * A context field, 0 or 1, that says whether a VLAN tag lies beside the bytes: counters then add its 4 bytes to the
   * length. (In a graph, `ir/view.ts` has done so already.)
   */
  readonly tagPresentOffset?: number;
  /** A context field with the number of packets that a merged packet stands for; 0 there means 1. */
  readonly segmentsOffset?: number;
  /**
   * A context field with the bytes that a merged packet will have on the wire, all its headers counted but no tag that
   * lies beside the bytes; where there is none, counters take `length`.
   */
  readonly wireLengthOffset?: number;
  readonly metadata: Readonly<Record<MetadataField, MetadataSource>>;
  readonly exitOf: (verdict: Verdict) => HookExit;
}

/**
 * Where a program may read a packet directly. Without CAP_PERFMON the verifier takes no number that it does not know into
 * a packet pointer ("pointer arithmetic with it prohibited for !root"); such loads are left to the helper.
 */
export type PacketAccess = 'anywhere' | 'constant-offsets';

export type LengthSource =
  | { readonly kind: 'field'; readonly offset: number }
  /**
   * A helper `(context)` that returns it. Where the kernel can be asked whether there is more than the first buffer,
   * counters call the helper only if there is.
   */
  | { readonly kind: 'helper'; readonly helper: number; readonly kernelContext?: KernelContext };

/** Where a hook keeps what the kernel knows beside the bytes. `network-order` fields hold 16 bits as on the wire. */
export type MetadataSource =
  | { readonly kind: 'field'; readonly offset: number; readonly order: 'host' | 'network' }
  | { readonly kind: 'constant'; readonly value: number };

/** How a program ends: with a return code, or by handing the packet to an interface (`own`: the one it came by). */
export type HookExit =
  | { readonly kind: 'code'; readonly code: number }
  | { readonly kind: 'redirect'; readonly interfaceIndex: number }
  | { readonly kind: 'reflect'; readonly interfaceOffset: number };

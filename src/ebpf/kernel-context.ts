import type { KernelMember } from './instruction.ts';

/**
 * Where a running kernel keeps what `struct xdp_md` does not show: whether a packet has more buffers than the first.
 * Asking the kernel's own structure costs nothing, the helper that tells the whole length 6 to 9 ns.
 *
 * Linux 6.2 and later; the program needs CAP_PERFMON, for it reads kernel memory.
 */
export interface KernelContext {
  /** The BTF number (or the name) of `bpf_cast_to_kern_ctx`, which the verifier turns into a move of a register. */
  readonly castFunction: number | string;
  /** The offset of `flags` in `struct xdp_buff`; its bit 0 is XDP_FLAGS_HAS_FRAGS. */
  readonly flagsOffset: number;
}

export const hasFragments = 1;

const castName = 'bpf_cast_to_kern_ctx';
const structureName = 'xdp_buff';
const memberName = 'flags';

/** What an object file says instead, for any kernel: its loader fills the numbers in. */
export const anyKernelContext: KernelContext = { castFunction: castName, flagsOffset: 0 };

export const flagsMember: KernelMember = { structure: structureName, name: memberName };

/** Kinds of types (Documentation/bpf/btf.rst). */
const kind = { structure: 4, union: 5, function: 12 } as const;
/** What follows the three words of a type, by its kind: so much for each member, and so much once. */
const bytesPerMember: Readonly<Record<number, number>> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 };
const extraBytes: Readonly<Record<number, number>> = { 1: 4, 3: 12, 14: 4, 17: 4 };

/**
 * Finds it in the kernel's types, in one pass: there are 150,000 of them, and every load waits for this.
 * @param btf `/sys/kernel/btf/vmlinux`
 * @returns undefined where this kernel has no such thing
 */
export function findKernelContext(btf: Uint8Array): KernelContext | undefined {
  const view = new DataView(btf.buffer, btf.byteOffset, btf.byteLength);
  if (btf.length < headerBytes || view.getUint16(0, true) !== magic) return undefined;
  const headerLength = view.getUint32(4, true);
  const start = headerLength + view.getUint32(8, true);
  const end = start + view.getUint32(12, true);
  const types: Types = { btf, view, start, end, strings: headerLength + view.getUint32(16, true) };
  if (end > btf.length || types.strings > btf.length) return undefined;
  let castFunction: number | undefined;
  let structure: number | undefined;
  eachType(types, (at, number, kindNumber) => {
    if (kindNumber === kind.function && isNamed(types, view.getUint32(at, true), castName)) castFunction = number;
    else if (kindNumber === kind.structure && isNamed(types, view.getUint32(at, true), structureName)) structure = at;
    return castFunction !== undefined && structure !== undefined;
  });
  const flagsOffset = structure === undefined ? undefined : offsetOfMember(types, structure);
  if (castFunction === undefined || flagsOffset === undefined) return undefined;
  return { castFunction, flagsOffset };
}

const magic = 0xeb9f;
const headerBytes = 24;

interface Types {
  readonly btf: Uint8Array;
  readonly view: DataView;
  /** Where the types begin and end. */
  readonly start: number;
  readonly end: number;
  /** Where the strings begin. */
  readonly strings: number;
}

/** Goes through the types until one is the last that is wanted. Types count from 1. */
function eachType(
  { view, start, end }: Types,
  isLast: (at: number, number: number, kindNumber: number) => boolean,
): void {
  for (let at = start, number = 1; at + 12 <= end; number++) {
    const information = view.getUint32(at + 4, true);
    const kindNumber = (information >>> 24) & 0x1f;
    if (isLast(at, number, kindNumber)) return;
    at += 12 + (bytesPerMember[kindNumber] ?? 0) * (information & 0xffff) + (extraBytes[kindNumber] ?? 0);
  }
}

/** Compares a string of the table with a word of ASCII. */
function isNamed({ btf, strings }: Types, offset: number, word: string): boolean {
  const from = strings + offset;
  for (let i = 0; i < word.length; i++) if (btf[from + i] !== word.charCodeAt(i)) return false;
  return btf[from + word.length] === 0;
}

/**
 * In bytes; members of unnamed structures and unions count as members of the one around them.
 * @param structure where its type stands
 */
function offsetOfMember(types: Types, structure: number): number | undefined {
  const { view } = types;
  const count = view.getUint32(structure + 4, true) & 0xffff;
  for (let member = structure + 12; member < structure + 12 + 12 * count; member += 12) {
    const name = view.getUint32(member, true);
    // The upper 8 bits are the size of a bit field.
    const offset = (view.getUint32(member + 8, true) & 0xffffff) / 8;
    if (isNamed(types, name, memberName)) return offset;
    const nested = name === 0 ? compoundType(types, view.getUint32(member + 4, true)) : undefined;
    const inner = nested === undefined ? undefined : offsetOfMember(types, nested);
    if (inner !== undefined) return offset + inner;
  }
  return undefined;
}

/** Where the type of this number stands, if it is a structure or a union. */
function compoundType(types: Types, wanted: number): number | undefined {
  let found: number | undefined;
  eachType(types, (at, number, kindNumber) => {
    if (number === wanted && (kindNumber === kind.structure || kindNumber === kind.union)) found = at;
    return number === wanted;
  });
  return found;
}

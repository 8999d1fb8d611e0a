/**
 * Where a running kernel keeps what `struct xdp_md` does not show: whether a packet has more buffers than the first.
 * Asking the kernel's own structure costs nothing, the helper that tells the whole length 6 to 9 ns.
 *
 * Linux 6.2 and later; the program needs CAP_PERFMON, for it reads kernel memory.
 */
export interface KernelContext {
  /** The BTF number of `bpf_cast_to_kern_ctx`, which the verifier turns into a move of a register. */
  readonly castFunction: number;
  /** The offset of `flags` in `struct xdp_buff`; its bit 0 is XDP_FLAGS_HAS_FRAGS. */
  readonly flagsOffset: number;
}

export const hasFragments = 1;

const castName = 'bpf_cast_to_kern_ctx';
const structureName = 'xdp_buff';
const memberName = 'flags';

/** Kinds of types (Documentation/bpf/btf.rst) and the bytes that follow the three words of each. */
const kind = { structure: 4, union: 5, function: 12 } as const;
const extraBytes: Readonly<Record<number, (count: number) => number>> = {
  1: () => 4,
  3: () => 12,
  4: (count) => 12 * count,
  5: (count) => 12 * count,
  6: (count) => 8 * count,
  13: (count) => 8 * count,
  14: () => 4,
  15: (count) => 12 * count,
  17: () => 4,
  19: (count) => 12 * count,
};

/**
 * Finds it in the kernel's types.
 * @param btf `/sys/kernel/btf/vmlinux`
 * @returns undefined where this kernel has no such thing
 */
export function findKernelContext(btf: Uint8Array): KernelContext | undefined {
  const view = new DataView(btf.buffer, btf.byteOffset, btf.byteLength);
  if (btf.length < 24 || view.getUint16(0, true) !== 0xeb9f) return undefined;
  const types = readTypes(view);
  const names = nameFinder(btf, types.stringsStart);
  const castFunction = types.find((type) => type.kind === kind.function && names(type.name, castName));
  const structure = types.find((type) => type.kind === kind.structure && names(type.name, structureName));
  const flagsOffset = structure === undefined ? undefined : offsetOfMember(view, types, structure, names);
  if (castFunction === undefined || flagsOffset === undefined) return undefined;
  return { castFunction: castFunction.number, flagsOffset };
}

interface Type {
  readonly number: number;
  readonly name: number;
  readonly kind: number;
  readonly count: number;
  /** Where the members begin. */
  readonly members: number;
}

interface Types {
  readonly stringsStart: number;
  at(number: number): Type | undefined;
  find(wanted: (type: Type) => boolean): Type | undefined;
}

function readTypes(view: DataView): Types {
  const headerLength = view.getUint32(4, true);
  const start = headerLength + view.getUint32(8, true);
  const end = start + view.getUint32(12, true);
  /** Of type n at n - 1. */
  const offsets: number[] = [];
  for (let at = start; at < end; at = next(view, at)) offsets.push(at);
  const typeAt = (number: number): Type | undefined => {
    const offset = offsets[number - 1];
    if (offset === undefined) return undefined;
    const information = view.getUint32(offset + 4, true);
    return {
      number,
      name: view.getUint32(offset, true),
      kind: (information >>> 24) & 0x1f,
      count: information & 0xffff,
      members: offset + 12,
    };
  };
  return {
    stringsStart: headerLength + view.getUint32(16, true),
    at: typeAt,
    find(wanted) {
      for (let number = 1; number <= offsets.length; number++) {
        const type = typeAt(number) as Type;
        if (wanted(type)) return type;
      }
      return undefined;
    },
  };
}

function next(view: DataView, at: number): number {
  const information = view.getUint32(at + 4, true);
  return at + 12 + (extraBytes[(information >>> 24) & 0x1f]?.(information & 0xffff) ?? 0);
}

/** Compares a string of the table with a word of ASCII. */
function nameFinder(btf: Uint8Array, start: number): (offset: number, word: string) => boolean {
  return (offset, word) => {
    for (let i = 0; i < word.length; i++) if (btf[start + offset + i] !== word.charCodeAt(i)) return false;
    return btf[start + offset + word.length] === 0;
  };
}

/** In bytes; members of unnamed structures and unions count as members of the one around them. */
function offsetOfMember(
  view: DataView,
  types: Types,
  structure: Type,
  names: (offset: number, word: string) => boolean,
): number | undefined {
  for (let index = 0; index < structure.count; index++) {
    const member = structure.members + 12 * index;
    const name = view.getUint32(member, true);
    // The upper 8 bits are the size of a bit field.
    const offset = (view.getUint32(member + 8, true) & 0xffffff) / 8;
    if (names(name, memberName)) return offset;
    const type = types.at(view.getUint32(member + 4, true));
    const isNested = type !== undefined && (type.kind === kind.structure || type.kind === kind.union);
    if (name !== 0 || !isNested) continue;
    const inner = offsetOfMember(view, types, type, names);
    if (inner !== undefined) return offset + inner;
  }
  return undefined;
}

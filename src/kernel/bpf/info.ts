import type { Kernel, Reference } from '../kernel.ts';
import { attributes, textOf, viewOf } from './attributes.ts';
import { command } from './command.ts';

export interface ProgramInfo {
  readonly id: number;
  /** A number of `programTypes`, or another. */
  readonly type: number;
  readonly name: string;
  /** 16 hexadecimal digits: a hash of the instructions. */
  readonly tag: string;
  /** Nanoseconds since boot. */
  readonly loadTime: bigint;
  /** User id of the loader. */
  readonly loadedBy: number;
  readonly mapIds: readonly number[];
  /** 0: none. */
  readonly btfId: number;
  /** Bytes of native code; 0 without a JIT compiler. */
  readonly nativeSize: number;
  /** Bytes of instructions after the verifier's rewriting. */
  readonly translatedSize: number;
  /** Instructions that the verifier went through (Linux 5.16). */
  readonly verifiedInstructions: number;
}

export interface MapInfo {
  readonly id: number;
  /** A number of `mapTypes`, or another. */
  readonly type: number;
  readonly name: string;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  readonly btfId: number;
}

/** `ifindex` 0: detached, or a link of another kind. */
export interface LinkInfo {
  readonly id: number;
  /** A number of `linkTypes`, or another. */
  readonly type: number;
  readonly programId: number;
  readonly ifindex: number;
  /** For tcx: a number of `attachTypes`. */
  readonly attachType: number;
}

export interface BtfInfo {
  readonly id: number;
  readonly name: string;
  /** The raw BTF. */
  readonly bytes: Uint8Array;
}

/** Numbers of `enum bpf_link_type`. */
export const linkTypes = { xdp: 6, tcx: 11 } as const;

/** Offsets in `union bpf_attr` for OBJ_GET_INFO_BY_FD. */
const request = { size: 16, descriptor: 0, length: 4, info: 8 };
/** Offsets in `struct bpf_prog_info`. */
const program = {
  size: 232,
  type: 0,
  id: 4,
  tag: 8,
  nativeSize: 16,
  nativeCode: 24,
  translatedSize: 20,
  loadTime: 40,
  loadedBy: 48,
  mapCount: 52,
  mapIds: 56,
  name: 64,
  btfId: 128,
  verifiedInstructions: 216,
};
/** Offsets in `struct bpf_map_info`. */
const map = { size: 88, type: 0, id: 4, keySize: 8, valueSize: 12, maxEntries: 16, flags: 20, name: 24, btfId: 64 };
/** Offsets in `struct bpf_link_info`. */
const link = { size: 48, type: 0, id: 4, programId: 8, ifindex: 16, attachType: 20 };
/** Offsets in `struct bpf_btf_info`. */
const btf = { size: 32, btf: 0, btfSize: 8, id: 12, name: 16, nameLength: 24 };
const objectNameSize = 16;

export function programInfo(kernel: Kernel, descriptor: number): ProgramInfo {
  const first = new Uint8Array(program.size);
  getInfo(kernel, descriptor, first);
  const mapCount = viewOf(first).getUint32(program.mapCount, true);

  const info = new Uint8Array(program.size);
  const mapIds = new Uint32Array(mapCount);
  viewOf(info).setUint32(program.mapCount, mapCount, true);
  getInfo(kernel, descriptor, info, [{ offset: program.mapIds, buffer: new Uint8Array(mapIds.buffer) }]);
  const view = viewOf(info);
  return {
    id: view.getUint32(program.id, true),
    type: view.getUint32(program.type, true),
    name: textOf(info.subarray(program.name, program.name + objectNameSize)),
    tag: view.getBigUint64(program.tag, false).toString(16).padStart(16, '0'),
    loadTime: view.getBigUint64(program.loadTime, true),
    loadedBy: view.getUint32(program.loadedBy, true),
    mapIds: [...mapIds],
    btfId: view.getUint32(program.btfId, true),
    nativeSize: view.getUint32(program.nativeSize, true),
    translatedSize: view.getUint32(program.translatedSize, true),
    verifiedInstructions: view.getUint32(program.verifiedInstructions, true),
  };
}

/**
 * What the kernel's JIT compiler made of a program. Needs CAP_BPF, CAP_PERFMON and `kernel.kptr_restrict` 0.
 * @returns no bytes where there is none, or where it may not be seen
 */
export function nativeCode(kernel: Kernel, descriptor: number): Uint8Array {
  const { nativeSize } = programInfo(kernel, descriptor);
  const info = new Uint8Array(program.size);
  const code = new Uint8Array(nativeSize);
  viewOf(info).setUint32(program.nativeSize, nativeSize, true);
  getInfo(kernel, descriptor, info, [{ offset: program.nativeCode, buffer: code }]);
  // A caller without the capabilities gets a null pointer back in place of its buffer's.
  return viewOf(info).getBigUint64(program.nativeCode, true) === 0n ? new Uint8Array(0) : code;
}

export function mapInfo(kernel: Kernel, descriptor: number): MapInfo {
  const info = new Uint8Array(map.size);
  getInfo(kernel, descriptor, info);
  const view = viewOf(info);
  return {
    id: view.getUint32(map.id, true),
    type: view.getUint32(map.type, true),
    name: textOf(info.subarray(map.name, map.name + objectNameSize)),
    keySize: view.getUint32(map.keySize, true),
    valueSize: view.getUint32(map.valueSize, true),
    maxEntries: view.getUint32(map.maxEntries, true),
    flags: view.getUint32(map.flags, true),
    btfId: view.getUint32(map.btfId, true),
  };
}

export function linkInfo(kernel: Kernel, descriptor: number): LinkInfo {
  const info = new Uint8Array(link.size);
  getInfo(kernel, descriptor, info);
  const view = viewOf(info);
  const type = view.getUint32(link.type, true);
  const onInterface = type === linkTypes.xdp || type === linkTypes.tcx;
  return {
    id: view.getUint32(link.id, true),
    type,
    programId: view.getUint32(link.programId, true),
    ifindex: onInterface ? view.getUint32(link.ifindex, true) : 0,
    attachType: type === linkTypes.tcx ? view.getUint32(link.attachType, true) : 0,
  };
}

export function btfInfo(kernel: Kernel, descriptor: number): BtfInfo {
  const first = new Uint8Array(btf.size);
  getInfo(kernel, descriptor, first);
  const bytes = new Uint8Array(viewOf(first).getUint32(btf.btfSize, true));
  const name = new Uint8Array(64);

  const info = new Uint8Array(btf.size);
  viewOf(info).setUint32(btf.btfSize, bytes.length, true);
  viewOf(info).setUint32(btf.nameLength, name.length, true);
  getInfo(kernel, descriptor, info, [
    { offset: btf.btf, buffer: bytes },
    { offset: btf.name, buffer: name },
  ]);
  return { id: viewOf(info).getUint32(btf.id, true), name: textOf(name), bytes };
}

/** Has the kernel fill `info`, whose own 64-bit fields hold the addresses of `inner`. */
function getInfo(kernel: Kernel, descriptor: number, info: Uint8Array, inner: readonly Reference[] = []): void {
  const bytes = attributes(request.size, { [request.descriptor]: descriptor, [request.length]: info.length });
  kernel.bpf(command.OBJ_GET_INFO_BY_FD, bytes, [{ offset: request.info, buffer: info, references: inner }]);
}

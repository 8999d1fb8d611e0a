import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import koffi, { type LibraryHandle } from 'koffi';
import type { RawInstruction } from '../../src/cbpf/program.ts';
import { linkTypeFacts, type LinkType } from '../../src/ir/link-type.ts';

/**
 * libpcap in this process, as the oracle: it compiles filters for capture files and runs programs over packets.
 * Filters are compiled on a handle of an (empty) capture file, as `tcpdump -r` does; a dead handle would give live
 * code for some link types.
 */
export interface Libpcap {
  /** `libpcap version 1.10.3 …`. */
  readonly version: string;
  /** @throws LibpcapError with libpcap's words where it rejects the filter */
  compile(expression: string, linkType: LinkType, options?: CompileOptions): LibpcapProgram;
  /** Instructions of other origin, to be run by libpcap. They are not checked. */
  load(instructions: readonly RawInstruction[]): LibpcapProgram;
}

export interface CompileOptions {
  /** Run libpcap's optimiser; by default the program is the unoptimised one, the meaning of the filter. */
  readonly optimize?: boolean;
  /** What a match returns; 262144 by default. */
  readonly snaplen?: number;
  /** IPv4 netmask, host order; unknown by default. */
  readonly netmask?: number;
  /** Byte order of the capture file, which NULL link headers follow. */
  readonly fileOrder?: 'little-endian' | 'big-endian';
}

export interface LibpcapProgram {
  readonly instructions: readonly RawInstruction[];
  /** What libpcap's `bpf_filter` returns. @param length on the wire; that of the bytes by default */
  run(packet: Uint8Array, length?: number): number;
  /** Gives the memory back; the program cannot run any more. */
  free(): void;
}

export class LibpcapError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LibpcapError';
  }
}

const netmaskUnknown = 0xffffffff;
const defaultSnaplen = 262144;
const instructionBytes = 8;

let loaded: { readonly libpcap: Libpcap | undefined; readonly reason: string } | undefined;

/** @returns libpcap, or why it cannot be loaded, for `requireOrSkip` */
export function loadLibpcap(): { readonly libpcap: Libpcap | undefined; readonly reason: string } {
  if (loaded === undefined) {
    try {
      loaded = { libpcap: bind(koffi.load('libpcap.so.0.8')), reason: '' };
    } catch (error) {
      loaded = { libpcap: undefined, reason: `libpcap.so.0.8 cannot be loaded (${String(error)}); install libpcap0.8` };
    }
  }
  return loaded;
}

type Handle = unknown;

function bind(library: LibraryHandle): Libpcap {
  koffi.pointer('pcap_t', koffi.opaque());
  koffi.struct('bpf_program', { bf_len: 'uint32_t', bf_insns: 'void *' });
  const version = library.func('const char *pcap_lib_version()') as () => string;
  const openOffline = library.func('pcap_t pcap_open_offline(const char *name, _Out_ char *error)');
  const compile = library.func(
    'int pcap_compile(pcap_t handle, bpf_program *program, const char *filter, int optimize, uint32_t netmask)',
  );
  const getError = library.func('const char *pcap_geterr(pcap_t handle)') as (handle: Handle) => string;
  const freeCode = library.func('void pcap_freecode(bpf_program *program)');
  const run = library.func(
    'uint32_t bpf_filter(const void *instructions, const uint8_t *packet, uint32_t length, uint32_t captured)',
  );

  const handles = new Map<string, Handle>();
  function handleFor(linkType: LinkType, snaplen: number, littleEndian: boolean): Handle {
    const key = `${linkType} ${snaplen} ${String(littleEndian)}`;
    let handle = handles.get(key);
    if (handle === undefined) {
      handle = openEmptyCapture(openOffline, emptyCapture(linkType, snaplen, littleEndian));
      handles.set(key, handle);
    }
    return handle;
  }

  const runAt = (pointer: unknown, packet: Uint8Array, length = packet.length): number =>
    run(pointer, packet, length, packet.length) as number;

  return {
    version: version(),
    compile(expression, linkType, options = {}) {
      const { optimize = false, snaplen = defaultSnaplen, netmask = netmaskUnknown, fileOrder } = options;
      const handle = handleFor(linkType, snaplen, fileOrder !== 'big-endian');
      const program = koffi.alloc('bpf_program', 1) as unknown;
      if (compile(handle, program, expression, optimize ? 1 : 0, netmask) !== 0) {
        koffi.free(program);
        throw new LibpcapError(getError(handle));
      }
      const { bf_len: count, bf_insns: pointer } = koffi.decode(program, 'bpf_program') as {
        bf_len: number;
        bf_insns: unknown;
      };
      const bytes = new Uint8Array(koffi.view(pointer, count * instructionBytes)).slice();
      return {
        instructions: instructionsOf(bytes),
        run: (packet, length) => runAt(pointer, packet, length),
        free() {
          freeCode(program);
          koffi.free(program);
        },
      };
    },
    load(instructions) {
      const pointer = koffi.alloc('uint8_t', instructions.length * instructionBytes) as unknown;
      new Uint8Array(koffi.view(pointer, instructions.length * instructionBytes)).set(bytesOf(instructions));
      return {
        instructions,
        run: (packet, length) => runAt(pointer, packet, length),
        free() {
          koffi.free(pointer);
        },
      };
    },
  };
}

function instructionsOf(bytes: Uint8Array): readonly RawInstruction[] {
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / instructionBytes }, (_, i) => ({
    code: view.getUint16(i * instructionBytes, true),
    jt: view.getUint8(i * instructionBytes + 2),
    jf: view.getUint8(i * instructionBytes + 3),
    k: view.getUint32(i * instructionBytes + 4, true),
  }));
}

function bytesOf(instructions: readonly RawInstruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * instructionBytes);
  const view = new DataView(bytes.buffer);
  instructions.forEach(({ code, jt, jf, k }, i) => {
    view.setUint16(i * instructionBytes, code, true);
    view.setUint8(i * instructionBytes + 2, jt);
    view.setUint8(i * instructionBytes + 3, jf);
    view.setUint32(i * instructionBytes + 4, k, true);
  });
  return bytes;
}

/** A capture file with a header and no packets. */
function emptyCapture(linkType: LinkType, snaplen: number, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0xa1b2c3d4, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint16(6, 4, littleEndian);
  view.setUint32(16, snaplen, littleEndian);
  view.setUint32(20, linkTypeFacts(linkType).fileValue, littleEndian);
  return bytes;
}

function openEmptyCapture(openOffline: ReturnType<LibraryHandle['func']>, contents: Uint8Array): Handle {
  const folder = mkdtempSync(join(tmpdir(), 'pktf-libpcap-'));
  try {
    const path = join(folder, 'empty.pcap');
    writeFileSync(path, contents);
    const error = Buffer.alloc(256);
    const handle: unknown = openOffline(path, error);
    if (handle === null) throw new LibpcapError(error.toString('utf8').replace(/\0.*$/s, ''));
    return handle;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

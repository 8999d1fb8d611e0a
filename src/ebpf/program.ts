import type { Instruction } from './instruction.ts';
import type { TableMap } from './table-map.ts';

/** A map that a program needs, before it exists in a kernel. Names are at most 15 bytes of [A-Za-z0-9_.]. */
export interface PlainMapSpec {
  readonly name: string;
  readonly type: MapType;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** BPF_F_… of the map. */
  readonly flags: number;
}

export interface MapSpec extends PlainMapSpec {
  /** Of a map of maps: what the maps are like that it holds. */
  readonly innerMap?: PlainMapSpec;
}

export type MapType =
  'hash' | 'array' | 'percpu-hash' | 'percpu-array' | 'program-array' | 'lpm-trie' | 'array-of-maps' | 'hash-of-maps';

/**
 * A program for one hook, complete but for the descriptors of its maps: what a back end makes, a loader loads, an
 * object file holds and the interpreter runs.
 */
export interface Program {
  /** An identifier, at most 15 characters: the program's name in the kernel and in BTF. */
  readonly name: string;
  readonly type: ProgramType;
  readonly instructions: readonly Instruction[];
  /** Index of the first instruction of the cold exact twin, where there is a boundary to tell. */
  readonly twinStart?: number;
  readonly maps: readonly MapSpec[];
  /** Which of the maps are tables of the graph. */
  readonly tables?: readonly TableMap[];
  readonly license: string;
}

export type ProgramType = 'xdp' | 'sched-cls';

import type { TableShape } from '../ebpf/table-map.ts';
import type { KeySpace } from '../ir/table.ts';
import type { EbpfHook } from '../pipeline.ts';
import type { RuleAction } from '../rules/policy.ts';
import { bindMap } from '../kernel/bpf/bind-map.ts';
import { mapInfo } from '../kernel/bpf/info.ts';
import { createMap, freezeMap, lookupElement, mapFlags, updateElement } from '../kernel/bpf/map.ts';
import type { Kernel } from '../kernel/kernel.ts';

/**
 * What `status` needs to know about a program of ours, kept in the kernel beside it: a frozen map of one element that
 * is bound to the program and lives as long as it does.
 */
export interface AttachmentRecord {
  readonly version: 1;
  /** The version of pktf that attached it. */
  readonly pktf: string;
  readonly kind: 'filter' | 'policy';
  /** The policy's name. */
  readonly name: string;
  /** The filter's or the policy's text. */
  readonly text: string;
  readonly hook: EbpfHook;
  /** The counters by index: rules, then `default` and `malformed`. */
  readonly counters: readonly CounterDescription[];
  /** Of a policy that was applied to be confirmed: whether another program was there before. */
  readonly confirm?: { readonly hadPredecessor: boolean; readonly jiffiesPerSecond: number };
  /** The tables of a policy's sets. */
  readonly tables?: readonly RecordedTable[];
  /** ISO 8601. */
  readonly since: string;
}

/** Where the elements of a set are. A set of both families has two tables. */
export interface RecordedTable {
  /** The set's name. */
  readonly set: string;
  readonly space: KeySpace;
  /** The name of the map. */
  readonly map: string;
  readonly shape: TableShape;
}

export interface CounterDescription {
  readonly name: string;
  readonly action: RuleAction;
}

export const recordMapName = 'pktf_record';

const key = new Uint8Array(4);

/** Creates the map, fills and freezes it, and ties it to the program. @returns its descriptor */
export function storeRecord(kernel: Kernel, program: number, record: AttachmentRecord): number {
  const value = new TextEncoder().encode(JSON.stringify(record));
  const map = createMap(kernel, {
    name: recordMapName,
    type: 'array',
    keySize: 4,
    valueSize: value.length,
    maxEntries: 1,
    flags: mapFlags.readOnlyForPrograms,
  });
  try {
    updateElement(kernel, map, key, value);
    freezeMap(kernel, map);
    bindMap(kernel, program, map);
  } catch (error) {
    kernel.close(map);
    throw error;
  }
  return map;
}

/** @returns undefined for a record of another version, or bytes that are none */
export function readRecord(kernel: Kernel, map: number): AttachmentRecord | undefined {
  const value = lookupElement(kernel, map, key, mapInfo(kernel, map).valueSize);
  if (value === undefined) return undefined;
  try {
    const record = JSON.parse(new TextDecoder().decode(value)) as AttachmentRecord;
    return record.version === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}

import { openById } from '../kernel/bpf/id.ts';
import { mapInfo, programInfo } from '../kernel/bpf/info.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { countersMap } from '../ebpf/generate/count.ts';
import { deadlineMap, fallbackMap } from '../ebpf/guard.ts';
import { closingOnFailure } from './closing-on-failure.ts';
import { baseMapName } from './counter-map.ts';
import { openPin, pinDirectories, type PinName, type PinPlace, type TablePin } from './pins.ts';
import { recordMapName } from './record.ts';

/** Descriptors of an attached program and of what belongs to it; what is not there is absent. */
export interface AttachedObjects {
  readonly program: number;
  readonly record?: number;
  readonly counters?: number;
  readonly base?: number;
  /** Only where it was found by a pin. */
  readonly link?: number;
  /** Of a program that waits to be confirmed: the same without the guard; only where it was found by a pin. */
  readonly plain?: number;
  readonly deadline?: number;
  readonly fallback?: number;
  /** The maps of a policy's sets, by the maps' names. */
  readonly tables: ReadonlyMap<string, number>;
  close(): void;
}

const tablePrefix = 'table-';
const mapPins: readonly PinName[] = ['record', 'counters', 'base', 'link', 'plain', 'deadline', 'fallback'];
const pinsByMapName: ReadonlyMap<string, PinName> = new Map([
  [recordMapName, 'record'],
  [countersMap, 'counters'],
  [baseMapName, 'base'],
  [deadlineMap, 'deadline'],
  [fallbackMap, 'fallback'],
]);

/**
 * Opens the program that is attached at a place: through its pins, for which CAP_NET_ADMIN suffices, or by its id.
 * @returns undefined where the program has gone meanwhile
 * @throws SystemError EPERM where there are no pins and CAP_SYS_ADMIN is missing
 */
export function openAttached(kernel: Kernel, place: PinPlace, programId: number): AttachedObjects | undefined {
  for (const directory of pinDirectories(kernel, place)) {
    const objects = openByPins(kernel, directory, programId);
    if (objects !== undefined) return objects;
  }
  return openByProgramId(kernel, programId);
}

function openByPins(kernel: Kernel, directory: string, programId: number): AttachedObjects | undefined {
  return closingOnFailure(kernel, (opened) => {
    const program = openPin(kernel, directory, 'program');
    if (program === undefined) return undefined;
    opened(program);
    if (programInfo(kernel, program).id !== programId) {
      kernel.close(program);
      return undefined;
    }
    const found = new Map<PinName, number>();
    for (const name of [...mapPins, ...tablePins(kernel, directory)]) {
      const descriptor = openPin(kernel, directory, name);
      if (descriptor === undefined) continue;
      opened(descriptor);
      found.set(name, descriptor);
    }
    return objectsOf(kernel, program, found);
  });
}

function tablePins(kernel: Kernel, directory: string): readonly TablePin[] {
  return kernel.listDirectory(directory).filter((name): name is TablePin => name.startsWith(tablePrefix));
}

function openByProgramId(kernel: Kernel, programId: number): AttachedObjects | undefined {
  return closingOnFailure(kernel, (opened) => {
    const program = openUnlessGone(kernel, 'program', programId);
    if (program === undefined) return undefined;
    opened(program);
    const found = new Map<PinName, number>();
    for (const id of programInfo(kernel, program).mapIds) {
      const map = openOurMap(kernel, id);
      if (map === undefined) continue;
      opened(map.descriptor);
      found.set(map.name, map.descriptor);
    }
    return objectsOf(kernel, program, found);
  });
}

/** A map that is none of those that every program of ours has is taken for a table. @returns undefined: it has gone */
function openOurMap(kernel: Kernel, id: number): { readonly name: PinName; readonly descriptor: number } | undefined {
  return closingOnFailure(kernel, (opened) => {
    const descriptor = openUnlessGone(kernel, 'map', id);
    if (descriptor === undefined) return undefined;
    opened(descriptor);
    const { name } = mapInfo(kernel, descriptor);
    return { name: pinsByMapName.get(name) ?? `${tablePrefix}${name}`, descriptor };
  });
}

function openUnlessGone(kernel: Kernel, kind: 'program' | 'map', id: number): number | undefined {
  try {
    return openById(kernel, kind, id);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function objectsOf(kernel: Kernel, program: number, found: ReadonlyMap<PinName, number>): AttachedObjects {
  const entries = [...found];
  const isTable = ([name]: readonly [PinName, number]): boolean => name.startsWith(tablePrefix);
  return {
    ...Object.fromEntries(entries.filter((entry) => !isTable(entry))),
    program,
    tables: new Map(entries.filter(isTable).map(([name, map]) => [name.slice(tablePrefix.length), map])),
    close: () => [program, ...found.values()].forEach((descriptor) => kernel.close(descriptor)),
  };
}

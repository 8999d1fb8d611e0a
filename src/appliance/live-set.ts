import type { StoredElement } from '../ebpf/table-entry.ts';
import { tableLayout, type TableLayout } from '../ebpf/table-map.ts';
import { spaceOf, type TableElement } from '../ir/table-contents.ts';
import type { Link } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { openKernelClock } from '../loader/kernel-clock.ts';
import {
  addElements,
  createContents,
  deleteElements,
  listElements,
  openContents,
  swapContents,
} from '../loader/table.ts';
import type { Names } from '../compiler/names.ts';
import { parseElement, printElement } from '../rules/set-element.ts';
import { ApplianceError } from './appliance-error.ts';
import { findInterface } from './interface.ts';
import { hooks } from './occupant.ts';
import { withPermission } from './permission.ts';
import { findPredecessor, type Predecessor } from './predecessor.ts';
import type { RecordedTable } from './record.ts';

/** One element of a live set. */
export interface LiveElement {
  /** As the policy file would have it. */
  readonly element: string;
  /** Seconds that it has left; absent: it stays. */
  readonly expiresIn?: number;
}

export interface SetChange {
  readonly interface: string;
  readonly set: string;
  readonly elements: readonly string[];
  /** Seconds after which the elements are no more. */
  readonly timeout?: number;
  readonly names: Names;
}

/** The elements of a set, those whose time is over left out. */
export async function listSet(kernel: Kernel, interfaceName: string, set: string): Promise<readonly LiveElement[]> {
  const clock = openKernelClock(kernel);
  try {
    const rate = await clock.measureRate();
    const now = clock.now();
    return withSet(kernel, interfaceName, set, (tables) =>
      tables.flatMap(({ contents, layout }) =>
        listElements(kernel, contents, layout).flatMap((stored) => describe(stored, now, rate)),
      ),
    );
  } finally {
    clock.close();
  }
}

/** Adds elements, all at once for each family; those that are there get the new timeout. @returns how many were given */
export async function addToSet(kernel: Kernel, change: SetChange): Promise<number> {
  const stored = await elementsToStore(kernel, change);
  withSet(kernel, change.interface, change.set, (tables) => {
    requireRoom(tables, stored, change);
    for (const { contents, layout } of tables) {
      const fitting = stored.filter(({ element }) => spaceOf(element) === layout.space);
      if (fitting.length > 0) addElements(kernel, contents, layout, fitting);
    }
  });
  return stored.length;
}

export function deleteFromSet(kernel: Kernel, change: Omit<SetChange, 'timeout'>): number {
  const elements = change.elements.map((text) => elementOf(text, change));
  withSet(kernel, change.interface, change.set, (tables) => {
    requireRoom(
      tables,
      elements.map((element) => ({ element })),
      change,
    );
    for (const { contents, layout } of tables) {
      const fitting = elements.filter((element) => spaceOf(element) === layout.space);
      if (fitting.length > 0) deleteElements(kernel, contents, layout, fitting);
    }
  });
  return elements.length;
}

/** Makes the set hold these elements and no others; every packet meets the old ones or the new ones of its family. */
export async function replaceSet(kernel: Kernel, change: SetChange): Promise<number> {
  const stored = await elementsToStore(kernel, change);
  withSet(kernel, change.interface, change.set, (tables) => {
    requireRoom(tables, stored, change);
    const prepared = tables.map(({ layout, outer }) => {
      const fitting = stored.filter(({ element }) => spaceOf(element) === layout.space);
      return { outer, contents: createContents(kernel, 'pktf_set', layout, fitting) };
    });
    try {
      for (const { outer, contents } of prepared) swapContents(kernel, outer, contents);
    } finally {
      for (const { contents } of prepared) kernel.close(contents);
    }
  });
  return stored.length;
}

interface LiveTable {
  /** The map in the program. */
  readonly outer: number;
  /** The map with the elements. */
  readonly contents: number;
  readonly layout: TableLayout;
}

/** Opens the tables of a set of the policy on an interface, one for each family. */
function withSet<Result>(
  kernel: Kernel,
  interfaceName: string,
  set: string,
  action: (tables: readonly LiveTable[]) => Result,
): Result {
  const link = findInterface(kernel, interfaceName);
  const what = `changing the set ${set} on ${link.name}`;
  return withPermission(kernel, what, ['CAP_BPF', 'CAP_NET_ADMIN', 'CAP_SYS_ADMIN'], () => {
    const policies = hooks.flatMap((hook) => findPredecessor(kernel, { ifindex: link.ifindex, hook }) ?? []);
    const opened: number[] = [];
    try {
      const tables = policies.flatMap((policy) => tablesOf(kernel, policy, set, opened));
      if (tables.length === 0) throw noSuchSet(link, set, policies);
      return action(tables);
    } finally {
      for (const descriptor of opened) kernel.close(descriptor);
      for (const { objects } of policies) objects.close();
    }
  });
}

function tablesOf(
  kernel: Kernel,
  { record, objects }: Predecessor,
  set: string,
  opened: number[],
): readonly LiveTable[] {
  const recorded = record?.tables?.filter((table) => table.set === set) ?? [];
  return recorded.flatMap(({ map, space, shape }: RecordedTable) => {
    const outer = objects.tables.get(map);
    const contents = outer === undefined ? undefined : openContents(kernel, outer);
    if (outer === undefined || contents === undefined) return [];
    opened.push(contents);
    return [{ outer, contents, layout: tableLayout(space, shape) }];
  });
}

function noSuchSet(link: Link, set: string, policies: readonly Predecessor[]): ApplianceError {
  const known = new Set(policies.flatMap(({ record }) => record?.tables?.map((table) => table.set) ?? []));
  return new ApplianceError(
    'not-attached',
    'input',
    `no policy on ${link.name} uses a set ${JSON.stringify(set)}`,
    known.size === 0 ? '`pktf status` tells what is attached' : `its sets are ${[...known].join(', ')}`,
  );
}

function elementOf(text: string, { set, names }: Pick<SetChange, 'set' | 'names'>): TableElement {
  const parsed = parseElement(text, names);
  if (parsed.kind === 'element') return parsed.element;
  throw new ApplianceError(
    'bad-element',
    'input',
    `${JSON.stringify(text)} is no element of the set ${set}`,
    parsed.kind === 'host-bits'
      ? `the network is ${parsed.network}`
      : 'elements are addresses, networks, ports, ranges of ports, or MAC addresses',
  );
}

async function elementsToStore(kernel: Kernel, change: SetChange): Promise<readonly StoredElement[]> {
  const elements = change.elements.map((text) => elementOf(text, change));
  if (change.timeout === undefined) return elements.map((element) => ({ element }));
  const clock = openKernelClock(kernel);
  try {
    const rate = await clock.measureRate();
    const expires = clock.now() + BigInt(Math.ceil(change.timeout * rate));
    return elements.map((element) => ({ element, expires }));
  } finally {
    clock.close();
  }
}

/** @throws ApplianceError where the set has no table for an element, or none that knows timeouts */
function requireRoom(
  tables: readonly LiveTable[],
  stored: readonly StoredElement[],
  { set }: Pick<SetChange, 'set'>,
): void {
  for (const { element, expires } of stored) {
    const table = tables.find(({ layout }) => layout.space === spaceOf(element));
    if (table === undefined) {
      const help = `the policy looks up ${tables.map(({ layout }) => layout.space).join(' and ')} in it`;
      throw new ApplianceError('bad-element', 'input', `the set ${set} cannot hold ${printElement(element)}`, help);
    }
    if (expires !== undefined && !table.layout.expiring) {
      const help = `declare it in the policy as \`${set}: { dynamic: true }\``;
      throw new ApplianceError('bad-element', 'input', `elements of the set ${set} cannot have a timeout`, help);
    }
  }
}

function describe({ element, expires = 0n }: StoredElement, now: bigint, rate: number): readonly LiveElement[] {
  if (expires === 0n) return [{ element: printElement(element) }];
  const left = Number(expires - now) / rate;
  return left <= 0 ? [] : [{ element: printElement(element), expiresIn: Math.ceil(left) }];
}

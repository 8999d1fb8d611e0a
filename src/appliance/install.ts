import { bindMap } from '../kernel/bpf/bind-map.ts';
import { provideBpffs } from '../kernel/bpffs.ts';
import { programInfo } from '../kernel/bpf/info.ts';
import type { Link, XdpMode } from '../kernel/netlink/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { countersMap } from '../ebpf/generate/count.ts';
import { load } from '../loader/load.ts';
import type { EbpfHook, HookProgram } from '../pipeline.ts';
import type { RuleAction } from '../rules/policy.ts';
import { ApplianceError } from './appliance-error.ts';
import { totals } from './counter-lines.ts';
import { loadGuard, type Guard } from './guard.ts';
import { createBase, noCount, writeBase } from './counter-map.ts';
import { stagePins, type PinName, type PinPlace, type StagedPins } from './pins.ts';
import { existingTables, fillTables, recordTables, type PolicyTables } from './policy-tables.ts';
import { findPredecessor, isSame, refuseSilentReplacement, type Predecessor } from './predecessor.ts';
import { storeRecord, type AttachmentRecord } from './record.ts';
import { removeStalePins } from './stale-pins.ts';
import { swapProgram, undoSwap, type Swapped } from './swap.ts';
import { version } from '../version.ts';

/** A program for a place, and what is to be remembered of it. */
export interface Installation {
  readonly link: Link;
  readonly hook: EbpfHook;
  readonly program: HookProgram;
  readonly mode: XdpMode | undefined;
  readonly byLink: boolean;
  readonly replace: boolean;
  readonly kind: AttachmentRecord['kind'];
  readonly name: string;
  readonly text: string;
  /** By counter. */
  readonly actions: readonly RuleAction[];
  /** A policy's sets. */
  readonly tables?: PolicyTables;
  /** Only until a deadline, unless it is confirmed. */
  readonly guard?: Guard;
}

export interface Installed {
  readonly programId: number;
  readonly mode: XdpMode | undefined;
  readonly replaced: boolean;
  readonly remarks: readonly string[];
}

/**
 * An installation whose program is loaded and filled and has its pins staged, while the kernel still runs what it ran
 * before. Its steps are taken in this order; `undo` is for when another installation of the same change fails.
 */
export interface PreparedInstallation {
  /** The one step in which the kernel goes over to the new program. */
  swap(): void;
  /** Puts back what was there before the swap. */
  undo(): void;
  /** Carries counters over and lets the new pins take their place. */
  settle(): Installed;
  /** Gives back all descriptors; without a swap nothing is left of the new program. */
  close(): void;
}

/** Loads a program with everything that belongs to it, swaps it in, and settles what is left of the one before. */
export function install(kernel: Kernel, wanted: Installation): Installed {
  const prepared = prepareInstallation(kernel, wanted);
  try {
    prepared.swap();
    return prepared.settle();
  } finally {
    prepared.close();
  }
}

/** @throws ApplianceError, ProgramRefused, SystemError; nothing is left behind */
export function prepareInstallation(kernel: Kernel, wanted: Installation): PreparedInstallation {
  const place: PinPlace = { ifindex: wanted.link.ifindex, hook: wanted.hook };
  const predecessor = findPredecessor(kernel, place);
  const record = recordOf(wanted, predecessor);
  const open = new Map<PinName, number>();
  const borrowed = new Map<PinName, number>();
  let staged: StagedPins | undefined;
  let swapped: Swapped | undefined;
  const close = (): void => {
    if (swapped === undefined) staged?.abandon();
    for (const descriptor of open.values()) kernel.close(descriptor);
    predecessor?.objects.close();
    open.clear();
  };
  try {
    if (predecessor !== undefined) {
      refuseSilentReplacement(kernel, wanted.link.name, predecessor, record, wanted.replace);
    }
    loadAll(kernel, wanted, record, predecessor, { owned: open, borrowed });
    const programId = programInfo(kernel, open.get('program') as number).id;
    staged = stage(kernel, place, needOfPins(wanted), predecessor, new Map([...borrowed, ...open]));
    return {
      swap() {
        swapped = swap(kernel, wanted, predecessor, open, staged);
      },
      undo() {
        if (swapped === undefined) return;
        const program = open.get('program') as number;
        undoSwap(kernel, { ...wanted, program, programId, predecessor, swapped });
        swapped = undefined;
      },
      settle() {
        const remarks = [...(swapped?.remarks ?? []), ...carryCounters(kernel, predecessor, record, open)];
        settlePins(staged, wanted.guard !== undefined);
        return { programId, mode: swapped?.mode, replaced: predecessor !== undefined, remarks };
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function recordOf(
  { kind, name, text, hook, program, actions, tables, guard }: Installation,
  predecessor: Predecessor | undefined,
): AttachmentRecord {
  return {
    version: 1,
    pktf: version,
    kind,
    name,
    text,
    hook,
    counters: program.counters.map((counter, index) => ({ name: counter, action: actions[index] as RuleAction })),
    ...(tables === undefined ? {} : { tables: recordTables(program.program, tables) }),
    ...(guard === undefined
      ? {}
      : { confirm: { hadPredecessor: fallsBackTo(predecessor), jiffiesPerSecond: guard.jiffiesPerSecond } }),
    since: new Date().toISOString(),
  };
}

/** Whether there is a program to fall back to: of one that itself waits, whether there was one behind it. */
function fallsBackTo(predecessor: Predecessor | undefined): boolean {
  if (predecessor?.objects.fallback === undefined) return predecessor !== undefined;
  return predecessor.record?.confirm?.hadPredecessor === true;
}

/** What belongs to a program, by what its pins are called: its own, and maps that it shares. */
interface Descriptors {
  readonly owned: Map<PinName, number>;
  readonly borrowed: Map<PinName, number>;
}

function loadAll(
  kernel: Kernel,
  wanted: Installation,
  record: AttachmentRecord,
  predecessor: Predecessor | undefined,
  { owned: open, borrowed }: Descriptors,
): void {
  const { program, counters } = wanted.program;
  const existing = wanted.tables === undefined ? new Map<string, number>() : existingTables(program, wanted.tables);
  const loaded = load(kernel, program, existing);
  open.set(wanted.guard === undefined ? 'program' : 'plain', loaded.descriptor);
  for (const [name, map] of loaded.maps) {
    if (name === countersMap) open.set('counters', map);
    else (existing.has(name) ? borrowed : open).set(`table-${name}`, map);
  }
  try {
    if (wanted.tables !== undefined) fillTables(kernel, program, loaded, wanted.tables);
  } finally {
    // The outer maps hold them from now on.
    for (const contents of loaded.innerMaps.values()) kernel.close(contents);
  }
  if (wanted.guard !== undefined) {
    loadGuard(kernel, wanted.guard, program, loaded.maps, predecessor, (name, owned, descriptor) =>
      (owned ? open : borrowed).set(name, descriptor),
    );
  }
  const recordMap = storeRecord(kernel, loaded.descriptor, record);
  open.set('record', recordMap);
  const base = createBase(kernel, loaded.descriptor, counters.length);
  open.set('base', base);
  const guarded = wanted.guard === undefined ? undefined : open.get('program');
  if (guarded !== undefined) for (const map of [recordMap, base]) bindMap(kernel, guarded, map);
}

/** A link, and a program array, live no longer than their last descriptor or pin. */
function needOfPins({ byLink, guard }: Installation): '--link' | '--confirm' | undefined {
  if (guard !== undefined) return '--confirm';
  return byLink ? '--link' : undefined;
}

/**
 * Pins spare CAP_SYS_ADMIN when status and counters are read; a link cannot do without.
 * @returns undefined where there is no bpffs that lasts
 */
function stage(
  kernel: Kernel,
  place: PinPlace,
  need: '--link' | '--confirm' | undefined,
  predecessor: Predecessor | undefined,
  open: ReadonlyMap<PinName, number>,
): StagedPins | undefined {
  const bpffs = provideBpffs(kernel);
  if (bpffs.kind === 'absent' || !bpffs.lasting) {
    const help =
      bpffs.kind === 'absent' ? bpffs.remedy : 'use `pktf … --netns NAME` instead of `ip netns exec NAME pktf …`';
    const reason = bpffs.kind === 'absent' ? bpffs.reason : 'pins made here would vanish with this mount namespace';
    if (need !== undefined) {
      throw new ApplianceError('no-bpffs', 'kernel', `${need} needs a pin that lasts: ${reason}`, help);
    }
    return undefined;
  }
  removeStalePins(kernel);
  const pins = stagePins(kernel, place, predecessor?.occupant.programId);
  const kept = predecessor?.objects.link;
  try {
    for (const [name, descriptor] of open) pins.pin(name, descriptor);
    if (need === '--link' && kept !== undefined) pins.pin('link', kept);
  } catch (error) {
    pins.abandon();
    throw error;
  }
  return pins;
}

function swap(
  kernel: Kernel,
  { link, hook, mode, byLink }: Installation,
  predecessor: Predecessor | undefined,
  open: Map<PinName, number>,
  pins: StagedPins | undefined,
): Swapped {
  const program = open.get('program') as number;
  const swapped = swapProgram(kernel, { link, hook, mode, byLink, program, predecessor });
  if (swapped.newLink === undefined) return swapped;
  open.set('link', swapped.newLink);
  // Until it is pinned, a new link's program comes off with the descriptor: a failure here undoes the attachment.
  pins?.pin('link', swapped.newLink);
  return swapped;
}

/**
 * The same filter, and each rule of the same policy that kept its name, goes on counting where it was; another one starts
 * at zero. The new program is attached by now, so counts that cannot be carried over are told of and lost.
 * @returns remarks
 */
function carryCounters(
  kernel: Kernel,
  predecessor: Predecessor | undefined,
  record: AttachmentRecord,
  open: ReadonlyMap<PinName, number>,
): readonly string[] {
  const counters = predecessor?.objects.counters;
  const base = open.get('base');
  if (predecessor?.record === undefined || counters === undefined || base === undefined) return [];
  if (!isSame(predecessor.record, record)) return [];
  try {
    const old = totals(kernel, counters, predecessor.objects.base);
    const byName = new Map(predecessor.record.counters.map(({ name }, index) => [name, old[index]]));
    writeBase(
      kernel,
      base,
      record.counters.map(({ name }) => byName.get(name) ?? noCount),
    );
    return [];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [`the counts until now could not be carried over: ${error.message}`];
  }
}

/** The new program is attached; pins that cannot take their place are found by their program's id all the same. */
function settlePins(pins: StagedPins | undefined, holdBack: boolean): void {
  try {
    if (holdBack) pins?.commitHoldingBack();
    else pins?.commit();
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

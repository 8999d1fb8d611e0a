import { deadlineMap, deadlineSpec, fallbackMap, guarded } from '../ebpf/guard.ts';
import type { Program } from '../ebpf/program.ts';
import { openById } from '../kernel/bpf/id.ts';
import { createMap, lookupElement, updateElement } from '../kernel/bpf/map.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { openKernelClock } from '../loader/kernel-clock.ts';
import { load } from '../loader/load.ts';
import { tcAction } from '../tc/program.ts';
import { xdpAction } from '../xdp/program.ts';
import { ApplianceError } from './appliance-error.ts';
import type { AttachedObjects } from './attached-objects.ts';
import type { PinName } from './pins.ts';
import type { Predecessor } from './predecessor.ts';
import type { AttachmentRecord } from './record.ts';

/** What makes a change last only until a deadline: one clock hand for all programs of the change. */
export interface Guard {
  /** Descriptor of the map with the deadline. */
  readonly deadline: number;
  readonly jiffiesPerSecond: number;
}

const firstKey = new Uint8Array(4);
/** The deadline of what was confirmed, or is not swapped in yet. */
const never = 2n ** 63n;

/** Makes the map of the deadline, which is never until `setDeadline`. The caller closes the descriptor. */
export function createGuard(kernel: Kernel, jiffiesPerSecond: number): Guard {
  const deadline = createMap(kernel, deadlineSpec);
  const guard: Guard = { deadline, jiffiesPerSecond };
  try {
    liftDeadline(kernel, deadline);
  } catch (error) {
    kernel.close(deadline);
    throw error;
  }
  return guard;
}

/** @param jiffies from which on the programs before run again */
export function setDeadline(kernel: Kernel, { deadline }: Guard, jiffies: bigint): void {
  updateElement(kernel, deadline, firstKey, new Uint8Array(BigUint64Array.of(jiffies).buffer));
}

/** From now on the guarded programs stay, on all interfaces at once. */
export function liftDeadline(kernel: Kernel, deadline: number): void {
  updateElement(kernel, deadline, firstKey, new Uint8Array(BigUint64Array.of(never).buffer));
}

export function readDeadline(kernel: Kernel, map: number): bigint {
  const value = lookupElement(kernel, map, firstKey, 8) as Uint8Array;
  return new DataView(value.buffer).getBigUint64(0, true);
}

/**
 * Loads a program's guarded form over the same maps and puts the predecessor where it falls back to. Of a predecessor
 * that itself waits to be confirmed, that is the program behind it: the one that was confirmed last.
 * @param keep is told of each descriptor: its name, whether it is the new program's own
 */
export function loadGuard(
  kernel: Kernel,
  { deadline }: Guard,
  program: Program,
  maps: ReadonlyMap<string, number>,
  predecessor: Predecessor | undefined,
  keep: (name: PinName, owned: boolean, descriptor: number) => void,
): void {
  const passCode = program.type === 'xdp' ? xdpAction.XDP_PASS : tcAction.TC_ACT_UNSPEC;
  const loaded = load(kernel, guarded(program, passCode), new Map([...maps, [deadlineMap, deadline]]));
  keep('program', true, loaded.descriptor);
  keep('deadline', false, deadline);
  const fallback = loaded.maps.get(fallbackMap) as number;
  keep('fallback', true, fallback);
  if (predecessor === undefined) return;
  const pending = predecessor.objects.fallback;
  if (pending === undefined) return putProgram(kernel, fallback, predecessor.objects.program);
  const confirmed = openFallback(kernel, pending);
  if (confirmed === undefined) return;
  try {
    putProgram(kernel, fallback, confirmed);
  } finally {
    kernel.close(confirmed);
  }
}

/** The kernel takes only programs of the same type, frags support and attach type into one array. */
function putProgram(kernel: Kernel, fallback: number, program: number): void {
  try {
    updateElement(kernel, fallback, firstKey, new Uint8Array(Uint32Array.of(program).buffer));
  } catch (error) {
    if (!isSystemError(error, 'EINVAL')) throw error;
    throw new ApplianceError(
      'refused',
      'kernel',
      'the program that is there now cannot be fallen back to: it is of another kind than pktf’s',
      'take it off first, or apply without --confirm',
    );
  }
}

/** The program that is fallen back to. @returns a descriptor, the caller's to close; undefined: there is none */
export function openFallback(kernel: Kernel, fallback: number): number | undefined {
  const value = lookupElement(kernel, fallback, firstKey, 4);
  if (value === undefined) return undefined;
  try {
    return openById(kernel, 'program', new DataView(value.buffer).getUint32(0, true));
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** How far the confirmation of an attached program is. */
export type Confirmation =
  | { readonly kind: 'settled' }
  /** `lost`: the program to fall back to has gone; after the deadline packets will pass. */
  | { readonly kind: 'pending'; readonly secondsLeft: number; readonly lost: boolean }
  | { readonly kind: 'reverted'; readonly lost: boolean }
  /** The deadline is lifted, but the program that looks at it is still in its place. */
  | { readonly kind: 'confirmed' };

export function confirmationOf(kernel: Kernel, objects: AttachedObjects, record: AttachmentRecord): Confirmation {
  const { confirm } = record;
  if (confirm === undefined || objects.deadline === undefined || objects.fallback === undefined) {
    return { kind: 'settled' };
  }
  const deadline = readDeadline(kernel, objects.deadline);
  if (deadline === never) return { kind: 'confirmed' };
  const left = deadline - readJiffies(kernel);
  const lost = confirm.hadPredecessor && lookupElement(kernel, objects.fallback, firstKey, 4) === undefined;
  if (left <= 0n) return { kind: 'reverted', lost };
  return { kind: 'pending', secondsLeft: Math.ceil(Number(left) / confirm.jiffiesPerSecond), lost };
}

function readJiffies(kernel: Kernel): bigint {
  const clock = openKernelClock(kernel);
  try {
    return clock.now();
  } finally {
    clock.close();
  }
}

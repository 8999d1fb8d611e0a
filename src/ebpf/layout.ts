import { jump } from './jump.ts';
import { endsFlow, slotsOf, type Instruction, type Jump, type JumpIf } from './instruction.ts';

/** An instruction at its place: `distance` is that of its jump, in slots from the next instruction. */
export interface Placed {
  readonly instruction: Exclude<Instruction, { kind: 'label' }>;
  /** Index of its (first) slot. */
  readonly slot: number;
  /** 0 for what does not jump. */
  readonly distance: number;
}

export interface Layout {
  readonly placed: readonly Placed[];
  /** The slot of each label. */
  readonly labels: ReadonlyMap<string, number>;
}

/** A program that has no encoding: a label that is missing or given twice, a jump back over too much code. */
export class LayoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LayoutError';
  }
}

/** A jump's distance is a signed 16-bit number. */
const reach = 32767;
/** From this age of the oldest waiting jump on, the next place that nothing falls into takes an island. */
const ripe = 24000;
/** At this age an island is put anywhere, with a jump around it. */
const urgent = 30000;
/** Jumps younger than this stay waiting when an island is made for older ones. */
const young = 8000;

interface Waiting {
  /** Slot of the oldest jump to the label that still waits. */
  readonly oldest: number;
  /** Indices in the output of the jumps. */
  readonly jumps: number[];
}

/**
 * Gives every instruction its slot and every jump its distance.
 *
 * A forward jump over more than 32,767 slots goes through trampolines: islands of plain jumps, put between the blocks
 * of the program, for the kernel took long jumps (`gotol`) only with 6.6. Our generator jumps forward only; a
 * backward jump that is too long is an error.
 * @throws LayoutError
 */
export function layout(instructions: readonly Instruction[]): Layout {
  const output: { instruction: Placed['instruction']; slot: number; distance: number }[] = [];
  const labels = new Map<string, number>();
  // In the order of their oldest jump, for a label is deleted before it can be inserted again.
  const waiting = new Map<string, Waiting>();
  let slot = 0;
  let fallsThrough = false;

  const place = (instruction: Placed['instruction']): void => {
    if (instruction.kind === 'jump' || instruction.kind === 'jump-if') register(instruction);
    output.push({ instruction, slot, distance: distanceBack(instruction, labels, slot) });
    slot += slotsOf(instruction);
    fallsThrough = !endsFlow(instruction);
  };
  const register = (instruction: Jump | JumpIf): void => {
    if (labels.has(instruction.target)) return;
    const known = waiting.get(instruction.target);
    if (known === undefined) waiting.set(instruction.target, { oldest: slot, jumps: [output.length] });
    else known.jumps.push(output.length);
  };
  const resolve = (target: string): void => {
    for (const index of waiting.get(target)?.jumps ?? []) {
      const from = output[index] as (typeof output)[number];
      from.distance = slot - from.slot - 1;
    }
    waiting.delete(target);
  };
  const island = (): void => {
    const old = [...waiting].filter(([, { oldest }]) => slot - oldest > young).map(([target]) => target);
    if (fallsThrough) {
      output.push({ instruction: jump(''), slot, distance: old.length });
      slot++;
    }
    for (const target of old) {
      resolve(target);
      place(jump(target));
    }
  };

  for (const instruction of instructions) {
    const age = ageOfOldest(waiting, slot);
    if (age > urgent || (age > ripe && !fallsThrough)) island();
    if (instruction.kind !== 'label') {
      place(instruction);
      continue;
    }
    if (labels.has(instruction.name)) throw new LayoutError(`label ${instruction.name} is given twice`);
    resolve(instruction.name);
    labels.set(instruction.name, slot);
    // Two ways lead here, so that an island may not stand between a label and its instruction without a jump around it.
    fallsThrough = true;
  }
  const [missing] = waiting.keys();
  if (missing !== undefined) throw new LayoutError(`label ${missing} is missing`);
  return { placed: output, labels };
}

function ageOfOldest(waiting: ReadonlyMap<string, Waiting>, slot: number): number {
  const [first] = waiting.values();
  return first === undefined ? 0 : slot - first.oldest;
}

function distanceBack(instruction: Instruction, labels: ReadonlyMap<string, number>, slot: number): number {
  if (instruction.kind !== 'jump' && instruction.kind !== 'jump-if') return 0;
  const target = labels.get(instruction.target);
  if (target === undefined) return 0;
  const distance = target - slot - 1;
  if (distance < -reach - 1) throw new LayoutError(`the jump back to ${instruction.target} is too long`);
  return distance;
}

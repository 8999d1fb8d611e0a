/** Packets over time, in a bounded number of equal slots, whatever the span and order of their times. */
export interface TimeLine {
  /** @param time seconds since 1970 */
  add(time: number, bytes: number): void;
  /** All slots from the first with a packet to the last, empty ones included. */
  slots(): readonly TimeSlot[];
  /** Seconds per slot. */
  width(): number;
}

export interface TimeSlot {
  /** Seconds since 1970, where the slot starts. */
  readonly start: number;
  readonly packets: number;
  readonly bytes: number;
}

/** A line on a terminal takes so many bars. */
const mostSlots = 64;
const leastWidth = 0.001;

/** Slots are aligned to multiples of their width and join in pairs when there are too many. */
export function createTimeLine(): TimeLine {
  let width = leastWidth;
  let counts = new Map<number, { packets: number; bytes: number }>();
  let lowest = Infinity;
  let highest = -Infinity;

  const isTooWide = (): boolean => highest - lowest >= mostSlots;

  const join = (): void => {
    width *= 2;
    lowest = Math.floor(lowest / 2);
    highest = Math.floor(highest / 2);
    const joined = new Map<number, { packets: number; bytes: number }>();
    for (const [slot, { packets, bytes }] of counts) enter(joined, Math.floor(slot / 2), packets, bytes);
    counts = joined;
  };

  return {
    add(time, bytes) {
      let slot = Math.floor(time / width);
      lowest = Math.min(lowest, slot);
      highest = Math.max(highest, slot);
      for (; isTooWide(); slot = Math.floor(slot / 2)) join();
      enter(counts, slot, 1, bytes);
    },
    slots() {
      if (counts.size === 0) return [];
      return Array.from({ length: highest - lowest + 1 }, (_, index) => {
        const slot = lowest + index;
        const { packets, bytes } = counts.get(slot) ?? { packets: 0, bytes: 0 };
        return { start: slot * width, packets, bytes };
      });
    },
    width: () => width,
  };
}

function enter(
  counts: Map<number, { packets: number; bytes: number }>,
  slot: number,
  packets: number,
  bytes: number,
): void {
  const count = counts.get(slot);
  if (count === undefined) counts.set(slot, { packets, bytes });
  else {
    count.packets += packets;
    count.bytes += bytes;
  }
}

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** Numbers as bars of one character each, the greatest the highest; an empty slot is a blank. */
export function sparkline(values: readonly number[]): string {
  const greatest = values.reduce((most, value) => Math.max(most, value), 0);
  return values
    .map((value) => (value === 0 ? ' ' : (bars[Math.ceil((value / greatest) * bars.length) - 1] as string)))
    .join('');
}

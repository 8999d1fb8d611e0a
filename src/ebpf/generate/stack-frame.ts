/** The kernel gives a program 512 bytes of stack; this one needs more (too many variables at once). */
export class StackExhaustedError extends Error {
  constructor() {
    super('the program needs more than the 512 bytes of stack that an eBPF program has');
    this.name = 'StackExhaustedError';
  }
}

export const stackBytes = 512;

/** Places on the stack by name: the same name gets the same place. */
export interface StackFrame {
  /**
   * @param alignment `size` unless said
   * @returns the place's offset from r10 (negative)
   * @throws StackExhaustedError
   */
  slot(name: string, size: number, alignment?: 4 | 8): number;
  /** Bytes in use. */
  readonly used: number;
}

export function createStackFrame(): StackFrame {
  const slots = new Map<string, number>();
  let used = 0;
  return {
    get used() {
      return used;
    },
    slot(name, size, alignment = size as 4 | 8) {
      const known = slots.get(name);
      if (known !== undefined) return known;
      const depth = Math.ceil((used + size) / alignment) * alignment;
      if (depth > stackBytes) throw new StackExhaustedError();
      used = depth;
      slots.set(name, -depth);
      return -depth;
    },
  };
}

import type {
  LoadImmediate64,
  LoadKernelFunction,
  LoadMap,
  LoadMapValue,
  LoadMemory,
  MemorySize,
  Operand,
  Register,
  StoreMemory,
} from './instruction.ts';

/** `destination = *(base + offset)` */
export function load(size: MemorySize, destination: Register, base: Register, offset: number): LoadMemory {
  return { kind: 'load', size, destination, base, offset };
}

/** `*(base + offset) = source` */
export function store(size: MemorySize, base: Register, offset: number, source: Operand): StoreMemory {
  return { kind: 'store', size, base, offset, source };
}

export function loadImmediate64(destination: Register, value: bigint): LoadImmediate64 {
  return { kind: 'load-immediate', destination, value };
}

/** `destination = name`, 0 where the kernel has no such function */
export function loadKernelFunction(destination: Register, name: string): LoadKernelFunction {
  return { kind: 'load-kernel-function', destination, function: name };
}

export function loadMap(destination: Register, map: string): LoadMap {
  return { kind: 'load-map', destination, map };
}

export function loadMapValue(destination: Register, map: string, offset = 0): LoadMapValue {
  return { kind: 'load-map-value', destination, map, offset };
}

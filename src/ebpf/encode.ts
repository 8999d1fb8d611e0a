import type { Span } from '../ir/span.ts';
import { registerNumber, slotsOf, type Instruction, type Operand, type Register } from './instruction.ts';
import { layout, type Placed } from './layout.ts';
import {
  aluCodes,
  callCode,
  conditionCodes,
  exitCode,
  jumpCode,
  loadImmediate64Code,
  modeMemory,
  negateCode,
  opcodeClass,
  pseudo,
  pseudoKernelCall,
  sizeCodes,
  sourceRegister,
  swapCode,
} from './opcode.ts';

export interface EncodeOptions {
  /** The descriptor of each map that the program names. */
  readonly maps?: ReadonlyMap<string, number>;
}

/** A program that names a map without a descriptor, or a number that does not fit its field. */
export class EncodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EncodeError';
  }
}

const slotBytes = 8;

/**
 * The bytes of a program as the kernel takes them (little-endian hosts).
 * @throws EncodeError, LayoutError
 */
export function encode(instructions: readonly Instruction[], options: EncodeOptions = {}): Uint8Array {
  const { placed } = layout(instructions);
  const bytes = new Uint8Array(slotCount(placed) * slotBytes);
  const view = new DataView(bytes.buffer);
  for (const each of placed) writeInstruction(view, each, options.maps ?? new Map());
  return bytes;
}

/** The span of each slot as the kernel numbers them: what an instruction number in a verifier's log means. */
export function spansBySlot(instructions: readonly Instruction[]): readonly (Span | undefined)[] {
  const { placed } = layout(instructions);
  return placed.flatMap(({ instruction }) => Array.from({ length: slotsOf(instruction) }, () => instruction.span));
}

function slotCount(placed: readonly Placed[]): number {
  const last = placed.at(-1);
  return last === undefined ? 0 : last.slot + slotsOf(last.instruction);
}

function writeInstruction(
  view: DataView,
  { instruction, slot, distance }: Placed,
  maps: ReadonlyMap<string, number>,
): void {
  const write = (code: number, destination: Register | 0, source: number, offset: number, immediate: number): void =>
    writeSlot(view, slot, code, destination === 0 ? 0 : registerNumber(destination), source, offset, immediate);
  switch (instruction.kind) {
    case 'alu': {
      const base = (instruction.width === 64 ? opcodeClass.alu64 : opcodeClass.alu32) | aluCodes[instruction.operator];
      const { code, source, immediate } = withOperand(base, instruction.source);
      return write(code, instruction.destination, source, 0, immediate);
    }
    case 'neg': {
      const base = instruction.width === 64 ? opcodeClass.alu64 : opcodeClass.alu32;
      return write(base | negateCode, instruction.destination, 0, 0, 0);
    }
    case 'byte-swap': {
      const order = instruction.order === 'be' ? sourceRegister : 0;
      return write(opcodeClass.alu32 | swapCode | order, instruction.destination, 0, 0, instruction.bits);
    }
    case 'load': {
      const code = opcodeClass.load | modeMemory | sizeCodes[instruction.size];
      return write(code, instruction.destination, registerNumber(instruction.base), instruction.offset, 0);
    }
    case 'store': {
      const size = modeMemory | sizeCodes[instruction.size];
      if (typeof instruction.source === 'number') {
        return write(opcodeClass.storeImmediate | size, instruction.base, 0, instruction.offset, instruction.source);
      }
      const source = registerNumber(instruction.source);
      return write(opcodeClass.store | size, instruction.base, source, instruction.offset, 0);
    }
    case 'load-immediate': {
      write(
        loadImmediate64Code,
        instruction.destination,
        pseudo.number,
        0,
        Number(BigInt.asIntN(32, instruction.value)),
      );
      return writeSlot(view, slot + 1, 0, 0, 0, 0, Number(BigInt.asIntN(32, instruction.value >> 32n)));
    }
    case 'load-map':
      write(loadImmediate64Code, instruction.destination, pseudo.mapDescriptor, 0, descriptorOf(instruction.map, maps));
      return writeSlot(view, slot + 1, 0, 0, 0, 0, 0);
    case 'load-map-value':
      write(loadImmediate64Code, instruction.destination, pseudo.mapValue, 0, descriptorOf(instruction.map, maps));
      return writeSlot(view, slot + 1, 0, 0, 0, 0, instruction.offset);
    case 'load-kernel-function':
      write(loadImmediate64Code, instruction.destination, pseudo.number, 0, 0);
      return writeSlot(view, slot + 1, 0, 0, 0, 0, 0);
    case 'jump':
      return write(opcodeClass.jump64 | jumpCode, 0, 0, distance, 0);
    case 'jump-if': {
      const base = instruction.width === 64 ? opcodeClass.jump64 : opcodeClass.jump32;
      const { code, source, immediate } = withOperand(base | conditionCodes[instruction.condition], instruction.right);
      return write(code, instruction.left, source, distance, immediate);
    }
    case 'call':
      return write(opcodeClass.jump64 | callCode, 0, 0, 0, instruction.helper);
    case 'call-kernel':
      return write(opcodeClass.jump64 | callCode, 0, pseudoKernelCall, 0, numberOf(instruction.function));
    case 'exit':
      return write(opcodeClass.jump64 | exitCode, 0, 0, 0, 0);
  }
}

/** A function that is known by its name has no number yet. */
function numberOf(kernelFunction: number | string): number {
  return typeof kernelFunction === 'number' ? kernelFunction : 0;
}

function withOperand(code: number, operand: Operand): { code: number; source: number; immediate: number } {
  if (typeof operand === 'number') return { code, source: 0, immediate: operand };
  return { code: code | sourceRegister, source: registerNumber(operand), immediate: 0 };
}

function descriptorOf(map: string, maps: ReadonlyMap<string, number>): number {
  const descriptor = maps.get(map);
  if (descriptor === undefined) throw new EncodeError(`map ${map} has no descriptor`);
  return descriptor;
}

function writeSlot(
  view: DataView,
  slot: number,
  code: number,
  destination: number,
  source: number,
  offset: number,
  immediate: number,
): void {
  if (offset < -32768 || offset > 32767) throw new EncodeError(`offset ${offset} does not fit 16 bits`);
  if (immediate !== (immediate | 0)) throw new EncodeError(`${immediate} does not fit 32 bits, signed`);
  const at = slot * slotBytes;
  view.setUint8(at, code);
  view.setUint8(at + 1, (source << 4) | destination);
  view.setInt16(at + 2, offset, true);
  view.setInt32(at + 4, immediate, true);
}

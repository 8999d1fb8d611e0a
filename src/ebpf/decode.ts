import { jumpTargets } from './jump-targets.ts';
import {
  registerOf,
  type AluOperator,
  type Condition,
  type Instruction,
  type MemorySize,
  type Operand,
  type Register,
} from './instruction.ts';
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

export interface DecodeOptions {
  /** The name of the map behind a descriptor; unless said, `map<descriptor>`. */
  readonly mapName?: (descriptor: number) => string;
}

/** Bytes that are no program, or one with instructions that we never make. */
export class DecodeError extends Error {
  readonly slot: number;

  constructor(message: string, slot: number) {
    super(`instruction ${slot}: ${message}`);
    this.name = 'DecodeError';
    this.slot = slot;
  }
}

interface Slot {
  readonly index: number;
  readonly code: number;
  readonly destination: number;
  readonly source: number;
  readonly offset: number;
  readonly immediate: number;
}

/** The instructions of a program's bytes; jumps get labels `L<slot>`. @throws DecodeError */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): readonly Instruction[] {
  const mapName = options.mapName ?? ((descriptor: number) => `map${descriptor}`);
  if (bytes.length % 8 !== 0) throw new DecodeError('cut off', Math.floor(bytes.length / 8));
  const targets = jumpTargets('L');
  const statements: { slot: number; instruction: Instruction }[] = [];
  const slots = bytes.length / 8;
  for (let index = 0; index < slots; index++) {
    const slot = readSlot(bytes, index);
    if (slot.code !== loadImmediate64Code) {
      statements.push({
        slot: index,
        instruction: decodeSlot(slot, (distance) => targets.labelOf(index + 1 + distance)),
      });
      continue;
    }
    if (index + 1 === slots) throw new DecodeError('its second half is missing', index);
    statements.push({ slot: index, instruction: decodeLoadImmediate64(slot, readSlot(bytes, ++index), mapName) });
  }
  const placed = targets.placeAmong(statements, slots);
  if (placed.kind === 'missing') throw new DecodeError('a jump leads here, where no instruction begins', placed.slot);
  return placed.instructions;
}

function readSlot(bytes: Uint8Array, index: number): Slot {
  const view = new DataView(bytes.buffer, bytes.byteOffset + index * 8, 8);
  const registers = view.getUint8(1);
  return {
    index,
    code: view.getUint8(0),
    destination: registers & 0x0f,
    source: registers >> 4,
    offset: view.getInt16(2, true),
    immediate: view.getInt32(4, true),
  };
}

function decodeSlot(slot: Slot, labelOf: (distance: number) => string): Instruction {
  const { code, offset, immediate } = slot;
  switch (code & 0x07) {
    case opcodeClass.alu64:
    case opcodeClass.alu32:
      return decodeAlu(slot);
    case opcodeClass.load:
      return { kind: 'load', size: sizeOf(slot), destination: destination(slot), base: source(slot), offset };
    case opcodeClass.store:
      return { kind: 'store', size: sizeOf(slot), base: destination(slot), offset, source: source(slot) };
    case opcodeClass.storeImmediate:
      return { kind: 'store', size: sizeOf(slot), base: destination(slot), offset, source: immediate };
    default:
      return decodeJump(slot, labelOf);
  }
}

function decodeAlu(slot: Slot): Instruction {
  const { code, immediate } = slot;
  const width = (code & 0x07) === opcodeClass.alu64 ? 64 : 32;
  const operation = code & 0xf0;
  if (operation === swapCode && width === 32) {
    if (immediate !== 16 && immediate !== 32 && immediate !== 64) throw unknown(slot);
    const order = (code & sourceRegister) === 0 ? 'le' : 'be';
    return { kind: 'byte-swap', order, bits: immediate, destination: destination(slot) };
  }
  if (operation === negateCode) return { kind: 'neg', width, destination: destination(slot) };
  const operator = keyOf(aluCodes, operation);
  if (operator === undefined || slot.offset !== 0) throw unknown(slot);
  return {
    kind: 'alu',
    operator: operator as AluOperator,
    width,
    destination: destination(slot),
    source: operand(slot),
  };
}

function decodeJump(slot: Slot, labelOf: (distance: number) => string): Instruction {
  const { code, offset, immediate } = slot;
  const is64 = (code & 0x07) === opcodeClass.jump64;
  if ((code & 0x07) !== opcodeClass.jump32 && !is64) throw unknown(slot);
  const operation = code & 0xf0;
  if (is64 && operation === jumpCode) return { kind: 'jump', target: labelOf(offset) };
  if (is64 && operation === callCode && slot.source === 0) return { kind: 'call', helper: immediate };
  if (is64 && operation === callCode && slot.source === pseudoKernelCall) {
    return { kind: 'call-kernel', function: immediate };
  }
  if (is64 && operation === exitCode) return { kind: 'exit' };
  const condition = keyOf(conditionCodes, operation) as Condition | undefined;
  if (condition === undefined) throw unknown(slot);
  return {
    kind: 'jump-if',
    condition,
    width: is64 ? 64 : 32,
    left: destination(slot),
    right: operand(slot),
    target: labelOf(offset),
  };
}

function decodeLoadImmediate64(slot: Slot, second: Slot, mapName: (descriptor: number) => string): Instruction {
  const register = destination(slot);
  switch (slot.source) {
    case pseudo.number: {
      const value = (BigInt(second.immediate) << 32n) | BigInt(slot.immediate >>> 0);
      return { kind: 'load-immediate', destination: register, value: BigInt.asUintN(64, value) };
    }
    case pseudo.mapDescriptor:
      return { kind: 'load-map', destination: register, map: mapName(slot.immediate) };
    case pseudo.mapValue:
      return { kind: 'load-map-value', destination: register, map: mapName(slot.immediate), offset: second.immediate };
    default:
      throw unknown(slot);
  }
}

function unknown({ code, index }: Slot): DecodeError {
  return new DecodeError(`no instruction that pktf makes has the opcode 0x${code.toString(16)}`, index);
}

function destination(slot: Slot): Register {
  return registerOf(slot.destination) ?? fail(slot);
}

function source(slot: Slot): Register {
  return registerOf(slot.source) ?? fail(slot);
}

function fail(slot: Slot): never {
  throw unknown(slot);
}

function operand(slot: Slot): Operand {
  return (slot.code & sourceRegister) === 0 ? slot.immediate : source(slot);
}

function sizeOf(slot: Slot): MemorySize {
  const size = (slot.code & 0xe0) === modeMemory ? keyOf(sizeCodes, slot.code & 0x18) : undefined;
  return Number(size ?? fail(slot)) as MemorySize;
}

function keyOf(codes: Readonly<Record<string, number>>, code: number): string | undefined {
  return Object.keys(codes).find((key) => codes[key] === code);
}

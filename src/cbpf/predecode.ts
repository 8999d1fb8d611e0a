import { extensionBase } from './extension.ts';
import {
  aluConstant,
  aluIndex,
  jump,
  jumpIf,
  jumpIfIndex,
  loadAbsolute,
  loadImmediate,
  loadIndirect,
  loadLength,
  loadMemShift,
  loadScratch,
  negate,
  returnAccumulator,
  returnConstant,
  storeScratch,
  tax,
  txa,
  type Instruction,
} from './instruction.ts';
import { encode } from './raw.ts';

/** A program as columns, for the interpreter's loop. */
export interface Predecoded {
  /** Place in `operations` below; the last number after it is the load of an extension. */
  readonly operations: Uint8Array;
  /** k, as a signed number. */
  readonly constants: Int32Array;
  /** Where a jump goes on: absolute. */
  readonly targetsTrue: Uint16Array;
  readonly targetsFalse: Uint16Array;
}

/** What the interpreter's `case 0`, `case 1`, … do: dense numbers, so that V8 makes a jump table of them. */
const operations: readonly Instruction[] = [
  loadAbsolute(0, 2),
  loadAbsolute(0, 1),
  loadAbsolute(0, 4),
  jumpIf('equal', 0, 0, 0),
  jumpIf('greater', 0, 0, 0),
  jumpIf('greater-or-equal', 0, 0, 0),
  jumpIf('any-bit', 0, 0, 0),
  returnConstant(0),
  loadMemShift(0),
  loadIndirect(0, 2),
  loadIndirect(0, 1),
  loadIndirect(0, 4),
  aluConstant('and', 0),
  aluConstant('or', 0),
  aluConstant('xor', 0),
  aluConstant('add', 0),
  aluConstant('subtract', 0),
  aluConstant('multiply', 0),
  aluConstant('divide', 0),
  aluConstant('modulo', 0),
  aluConstant('shift-left', 0),
  aluConstant('shift-right', 0),
  aluIndex('and'),
  aluIndex('or'),
  aluIndex('xor'),
  aluIndex('add'),
  aluIndex('subtract'),
  aluIndex('multiply'),
  aluIndex('divide'),
  aluIndex('modulo'),
  aluIndex('shift-left'),
  aluIndex('shift-right'),
  negate,
  tax,
  txa,
  loadImmediate('A', 0),
  loadImmediate('X', 0),
  loadScratch('A', 0),
  loadScratch('X', 0),
  storeScratch('A', 0),
  storeScratch('X', 0),
  loadLength('A'),
  loadLength('X'),
  jump(0),
  jumpIfIndex('equal', 0, 0),
  jumpIfIndex('greater', 0, 0),
  jumpIfIndex('greater-or-equal', 0, 0),
  jumpIfIndex('any-bit', 0, 0),
  returnAccumulator,
];

const operationOfCode = new Map(operations.map((instruction, number) => [encode(instruction).code, number]));
const absoluteLoads = new Set(([1, 2, 4] as const).map((size) => encode(loadAbsolute(0, size)).code));
const jumpAlways = encode(jump(0)).code;

/** @param instructions valid by `check` */
export function predecode(instructions: readonly Instruction[]): Predecoded {
  const count = instructions.length;
  const columns = {
    operations: new Uint8Array(count),
    constants: new Int32Array(count),
    targetsTrue: new Uint16Array(count),
    targetsFalse: new Uint16Array(count),
  };
  for (const [index, { code, jt, jf, k }] of instructions.map(encode).entries()) {
    const isExtension = absoluteLoads.has(code) && k >= extensionBase;
    columns.operations[index] = isExtension ? operations.length : (operationOfCode.get(code) as number);
    columns.constants[index] = k;
    columns.targetsTrue[index] = index + 1 + (code === jumpAlways ? k : jt);
    columns.targetsFalse[index] = index + 1 + jf;
  }
  return columns;
}

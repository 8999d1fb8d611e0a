import type { LoadSize } from '../../ir/value.ts';
import {
  aluConstant,
  aluIndex,
  loadAbsolute,
  loadExtension,
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
  unknown,
  type AluOperation,
  type Condition,
  type Instruction,
  type Register,
} from '../instruction.ts';
import { aluMnemonics, conditionMnemonics, loadMnemonics } from '../mnemonic.ts';
import { aluOperations, conditions, loadSizes } from '../opcode.ts';
import { accept, expect, peek, take, unexpected, type Cursor } from './cursor.ts';
import { StatementError } from './diagnostic.ts';
import { parseNumber, parseOperand, type Constants, type Operand } from './operand.ts';
import type { Token } from './tokens.ts';

/** One instruction as it is written: jumps name their targets. */
export type Statement =
  | { readonly kind: 'plain'; readonly instruction: Instruction }
  | { readonly kind: 'jump'; readonly target: Token }
  | ConditionalStatement;

/** A jump that goes on with the next instruction where a target is missing. */
export interface ConditionalStatement {
  readonly kind: 'conditional';
  readonly condition: Condition;
  readonly operand: number | 'X';
  readonly whenTrue: Token | undefined;
  readonly whenFalse: Token | undefined;
}

type Parser = (cursor: Cursor, constants: Constants) => Statement;

/**
 * A mnemonic and what belongs to it, to the end of the line.
 * @throws StatementError
 */
export function parseStatement(cursor: Cursor, constants: Constants): Statement {
  const mnemonic = take(cursor);
  const parse = parsers.get(mnemonic.text);
  if (parse === undefined) throw new StatementError(`unknown instruction ${mnemonic.text}`, mnemonic.span);
  const statement = parse(cursor, constants);
  if (peek(cursor).kind !== 'end') throw unexpected(cursor, 'the end of the line');
  return statement;
}

const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ...loadSizes.map((size): [string, Parser] => [
    loadMnemonics[size],
    withOperand((operand) => accumulatorLoad(operand, size)),
  ]),
  ['ldi', withOperand((operand) => immediateLoad(operand, 'A'))],
  ['ldx', withOperand((operand) => loadOf(operand, 'X') ?? memShiftLoad(operand))],
  ['ldxi', withOperand((operand) => immediateLoad(operand, 'X'))],
  ['ldxb', withOperand(memShiftLoad)],
  ['st', withOperand((operand) => store(operand, 'A'))],
  ['stx', withOperand((operand) => store(operand, 'X'))],
  ...aluOperations.map((operation): [string, Parser] => [
    aluMnemonics[operation],
    withOperand((operand) => alu(operand, operation)),
  ]),
  ['neg', alone(negate)],
  ['tax', alone(tax)],
  ['txa', alone(txa)],
  ['ja', parseJump],
  ['jmp', parseJump],
  ...conditions.map((condition): [string, Parser] => [conditionMnemonics[condition], conditional(condition, false)]),
  ['jne', conditional('equal', true)],
  ['jneq', conditional('equal', true)],
  ['jlt', conditional('greater-or-equal', true)],
  ['jle', conditional('greater', true)],
  ['ret', withOperand(returnOf)],
  ['raw', parseRaw],
]);

function alone(instruction: Instruction): Parser {
  return () => ({ kind: 'plain', instruction });
}

function withOperand(make: (operand: Operand) => Instruction | undefined): Parser {
  return (cursor, constants) => {
    const operand = parseOperand(cursor, constants);
    const instruction = make(operand);
    if (instruction === undefined) throw new StatementError('this instruction takes no such operand', operand.span);
    return { kind: 'plain', instruction };
  };
}

function accumulatorLoad(operand: Operand, size: LoadSize): Instruction | undefined {
  switch (operand.kind) {
    case 'absolute':
      return loadAbsolute(operand.offset, size);
    case 'indirect':
      return loadIndirect(operand.offset, size);
    case 'extension':
      return loadExtension(operand.extension, size);
    default:
      return size === 4 ? loadOf(operand, 'A') : undefined;
  }
}

/** What both registers can be loaded with. */
function loadOf(operand: Operand, register: Register): Instruction | undefined {
  switch (operand.kind) {
    case 'literal':
      return loadImmediate(register, operand.value);
    case 'length':
      return loadLength(register);
    case 'scratch':
      return loadScratch(register, operand.cell);
    default:
      return undefined;
  }
}

function immediateLoad(operand: Operand, register: Register): Instruction | undefined {
  return operand.kind === 'literal' ? loadImmediate(register, operand.value) : undefined;
}

function memShiftLoad(operand: Operand): Instruction | undefined {
  return operand.kind === 'mem-shift' ? loadMemShift(operand.offset) : undefined;
}

function store(operand: Operand, register: Register): Instruction | undefined {
  return operand.kind === 'scratch' ? storeScratch(register, operand.cell) : undefined;
}

function alu(operand: Operand, operation: AluOperation): Instruction | undefined {
  if (operand.kind === 'index') return aluIndex(operation);
  return operand.kind === 'literal' ? aluConstant(operation, operand.value) : undefined;
}

function returnOf(operand: Operand): Instruction | undefined {
  if (operand.kind === 'accumulator') return returnAccumulator;
  return operand.kind === 'literal' ? returnConstant(operand.value) : undefined;
}

function parseJump(cursor: Cursor): Statement {
  return { kind: 'jump', target: parseLabel(cursor) };
}

/** @param negated the first label is for the answer no: `jne` is `jeq` the other way round */
function conditional(condition: Condition, negated: boolean): Parser {
  return (cursor, constants) => {
    const operand = parseOperand(cursor, constants);
    if (operand.kind !== 'literal' && operand.kind !== 'index') {
      throw new StatementError('a jump compares with a number or x', operand.span);
    }
    expect(cursor, ',');
    const first = parseLabel(cursor);
    const second = accept(cursor, ',') ? parseLabel(cursor) : undefined;
    return {
      kind: 'conditional',
      condition,
      operand: operand.kind === 'index' ? 'X' : operand.value,
      whenTrue: negated ? second : first,
      whenFalse: negated ? first : second,
    };
  };
}

function parseLabel(cursor: Cursor): Token {
  if (peek(cursor).kind !== 'word') throw unexpected(cursor, 'a label');
  return take(cursor);
}

/** `raw code, jt, jf, k`: our own word for what no other one stands for. */
function parseRaw(cursor: Cursor, constants: Constants): Statement {
  const field = (most: number): number => {
    const { span } = peek(cursor);
    const value = parseNumber(cursor, constants);
    if (value > most) throw new StatementError(`${value} does not fit this field: 0 to ${most}`, span);
    return value;
  };
  const code = field(0xffff);
  expect(cursor, ',');
  const jt = field(0xff);
  expect(cursor, ',');
  const jf = field(0xff);
  expect(cursor, ',');
  const k = field(0xffffffff);
  return { kind: 'plain', instruction: unknown({ code, jt, jf, k }) };
}

import { rangeOf } from '../ir/range.ts';
import type { TableReference } from '../ir/table.ts';
import { operandsOf, type MetadataField, type Value } from '../ir/value.ts';

/**
 * Values as JavaScript expressions. The generated code's names: `v` the DataView over the batch, `o` where the packet
 * starts in it, `c` its captured length, `n` its length on the wire, `i` its index; `x0 …` variables, `t0 …`
 * temporaries. Every expression's result is an integer from 0 to 2^32 − 1, as ir/value.ts demands.
 */
export interface ExpressionContext {
  /** Adds a statement that must run before the expression. */
  before(statement: string): void;
  /** The name of a fresh temporary. */
  temporary(): string;
  /** What to do where the value fails, a statement. */
  readonly fail: string;
  /** The name of the column of a metadata field. */
  column(field: MetadataField): string;
  /** The name of the table. */
  table(table: TableReference): string;
}

/**
 * The expression for a value. Loads at constant offsets must have been checked already; everything else that can fail
 * is checked by statements before.
 */
export function expressionOf(value: Value, context: ExpressionContext): string {
  switch (value.kind) {
    case 'constant':
      return String(value.value);
    case 'length':
      return 'n';
    case 'variable':
      return `x${value.index}`;
    case 'metadata': {
      const column = context.column(value.field);
      return `(${column} === undefined ? 0 : ${column}[i])`;
    }
    case 'load':
      return loadOf(value.offset, value.size, context);
    case 'lookup': {
      const key = value.key.map((part) => expressionOf(part, context));
      return `tables(${context.table(value.table)}, [${key.join(', ')}])`;
    }
    case 'binary':
      return binaryOf(value, context);
  }
}

const getters = { 1: 'getUint8', 2: 'getUint16', 4: 'getUint32' } as const;

function loadOf(offset: Value, size: 1 | 2 | 4, context: ExpressionContext): string {
  if (offset.kind === 'constant') return `v.${getters[size]}(o + ${offset.value})`;
  const position = keep(expressionOf(offset, context), context);
  // No wrapping here: both are numbers below 2^53.
  context.before(`if (${position} + ${size} > c) ${context.fail}`);
  return `v.${getters[size]}(o + ${position})`;
}

function keep(expression: string, context: ExpressionContext): string {
  const name = context.temporary();
  context.before(`${name} = ${expression};`);
  return name;
}

function binaryOf(value: Value & { readonly kind: 'binary' }, context: ExpressionContext): string {
  const left = expressionOf(value.left, context);
  const right = expressionOf(value.right, context);
  switch (value.operator) {
    case 'add':
      return fitted(value, `${left} + ${right}`);
    case 'subtract':
      return `((${left} - ${right}) >>> 0)`;
    case 'multiply':
      return isSmall(value) ? `(${left} * ${right})` : `(Math.imul(${left}, ${right}) >>> 0)`;
    case 'divide':
      return `((${left} / ${divisor(value.right, right, context)}) >>> 0)`;
    case 'modulo':
      return `(${left} % ${divisor(value.right, right, context)})`;
    case 'and':
      return fitted(value, `${left} & ${right}`);
    case 'or':
      return fitted(value, `${left} | ${right}`);
    case 'xor':
      return fitted(value, `${left} ^ ${right}`);
    case 'shift-left':
      return shiftOf(value.right, right, context, (distance) => fitted(value, `${left} << ${distance}`));
    case 'shift-right':
      return shiftOf(value.right, right, context, (distance) => `(${left} >>> ${distance})`);
  }
}

/** JavaScript's bit operations give signed numbers, its sums leave 32 bits: `>>> 0` mends both where it can matter. */
function fitted(value: Value, expression: string): string {
  return isSmall(value) ? `(${expression})` : `((${expression}) >>> 0)`;
}

/** Whether the value is below 2^31 whatever the packet: engines then keep it in a machine integer. */
function isSmall(value: Value): boolean {
  return rangeOf(value).greatest < 2 ** 31;
}

function divisor(value: Value, expression: string, context: ExpressionContext): string {
  if (value.kind === 'constant' && value.value !== 0) return expression;
  const name = keep(expression, context);
  context.before(`if (${name} === 0) ${context.fail}`);
  return name;
}

/** JavaScript takes distances modulo 32, the language does not. */
function shiftOf(value: Value, right: string, context: ExpressionContext, shift: (distance: string) => string): string {
  if (value.kind === 'constant') return value.value > 31 ? '0' : shift(right);
  const distance = keep(right, context);
  return `(${distance} > 31 ? 0 : ${shift(distance)})`;
}

/** The captured length that the value's loads at constant offsets need. */
export function constantReach(value: Value): number {
  const own = value.kind === 'load' && value.offset.kind === 'constant' ? value.offset.value + value.size : 0;
  return operandsOf(value).reduce((reach, operand) => Math.max(reach, constantReach(operand)), own);
}

import { alu32Of } from './alu.ts';
import { aluOperatorOf } from './disassemble.ts';
import { helperByName } from './helper.ts';
import type { Condition, Instruction, MemorySize, Operand, Register, Width } from './instruction.ts';
import { conditionCodes } from './opcode.ts';

/** A line that is no instruction. */
export class StatementError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StatementError';
  }
}

/** Gives the label of the place that many slots behind the next instruction. */
export type LabelAt = (distance: number) => string;

const register = '[rw](?:10|[0-9])';
const number = '-?(?:0x[0-9a-fA-F]+|[0-9]+)';
const memory = `\\*\\(u(8|16|32|64) \\*\\)\\((r(?:10|[0-9])) ?([+-]) ?(0x[0-9a-f]+|[0-9]+)\\)`;
const target = '(?:(?:pc)?([+-](?:0x[0-9a-f]+|[0-9]+))(?: +<([\\w.$+-]+)>)?|<?([A-Za-z_.$][\\w.$]*)>?)';

interface Form {
  readonly pattern: RegExp;
  readonly build: (parts: readonly (string | undefined)[], labelAt: LabelAt) => Instruction;
}

function form(pattern: string, build: Form['build']): Form {
  return { pattern: new RegExp(`^${pattern}$`), build };
}

/** The forms of instructions; the first that fits is it. */
const forms: readonly Form[] = [
  form('exit', () => ({ kind: 'exit' })),
  form(`goto ${target}`, ([distance, behind, name], labelAt) => ({
    kind: 'jump',
    target: labelOf(distance, behind, name, labelAt),
  })),
  form(
    `if (${register}) (s?[<>]=?|[!=]=|&) (${register}|${number}) goto ${target}`,
    ([left, condition, right, distance, behind, name], labelAt) => ({
      kind: 'jump-if',
      condition: conditionOf(condition),
      width: widthOf(left),
      left: registerOf(left),
      right: operandOf(right, widthOf(left)),
      target: labelOf(distance, behind, name, labelAt),
    }),
  ),
  form('call kernel-function#([0-9]+)', ([number]) => ({ kind: 'call-kernel', function: Number(number) })),
  form('call kernel-function#([a-z]\\w*)', ([name]) => ({ kind: 'call-kernel', function: name as string })),
  form(`(${register}) = kernel-function#([a-z]\\w*) ll`, ([destination, name]) => {
    return { kind: 'load-kernel-function', destination: registerOf(destination), function: name as string };
  }),
  form('call (?:bpf_)?([a-z]\\w*)(?:#([0-9]+))?', ([name, known]) => ({ kind: 'call', helper: helperOf(name, known) })),
  form('call (0x[0-9a-f]+|[0-9]+)', ([helper]) => ({ kind: 'call', helper: Number(helper) })),
  form(`(${register}) = map\\[([\\w.:]+)\\](?:\\[0\\]\\+([0-9]+))?`, ([destination, map, offset]) =>
    offset === undefined
      ? { kind: 'load-map', destination: registerOf(destination), map: map as string }
      : { kind: 'load-map-value', destination: registerOf(destination), map: map as string, offset: Number(offset) },
  ),
  form(`(${register}) = (${number}) ll`, ([destination, value]) => ({
    kind: 'load-immediate',
    destination: registerOf(destination),
    value: bigOf(value),
  })),
  form(`(${register}) = ${memory}`, ([destination, bits, base, sign, offset]) => ({
    kind: 'load',
    size: sizeOf(bits),
    destination: registerOf(destination),
    base: registerOf(base),
    offset: offsetOf(sign, offset),
  })),
  form(`${memory} = (${register}|${number})`, ([bits, base, sign, offset, source]) => ({
    kind: 'store',
    size: sizeOf(bits),
    base: registerOf(base),
    offset: offsetOf(sign, offset),
    source: operandOf(source, 64),
  })),
  form(`(${register}) = (be|le)(16|32|64) (${register})`, ([destination, order, bits, source]) => {
    if (destination !== source) throw new StatementError('a byte swap has one register');
    const size = Number(bits) as 16 | 32 | 64;
    return { kind: 'byte-swap', order: order as 'be' | 'le', bits: size, destination: registerOf(destination) };
  }),
  form(`(${register}) = -(${register})`, ([destination, source]) => {
    if (destination !== source) throw new StatementError('a negation has one register');
    return { kind: 'neg', width: widthOf(destination), destination: registerOf(destination) };
  }),
  form(`(${register}) ((?:s?>>|<<|[-+*/%|&^])?=) (${register}|${number})`, ([destination, symbol, source]) => {
    const operator = aluOperatorOf(symbol as string);
    if (operator === undefined) throw new StatementError(`there is no operation ${symbol}`);
    const width = widthOf(destination);
    return { ...alu32Of(operator, registerOf(destination), operandOf(source, width)), width };
  }),
];

/** @throws StatementError */
export function parseStatement(text: string, labelAt: LabelAt): Exclude<Instruction, { kind: 'label' }> {
  const words = text.trim().replaceAll(/\s+/g, ' ');
  for (const { pattern, build } of forms) {
    const found = pattern.exec(words);
    if (found !== null) return build(found.slice(1), labelAt) as Exclude<Instruction, { kind: 'label' }>;
  }
  throw new StatementError(`“${words}” is no instruction`);
}

function registerOf(text: string | undefined): Register {
  return (text as string).replace('w', 'r') as Register;
}

function widthOf(text: string | undefined): Width {
  return (text as string).startsWith('w') ? 32 : 64;
}

function operandOf(text: string | undefined, width: Width): Operand {
  const words = text as string;
  if (/^[rw]/.test(words)) {
    if (widthOf(words) !== width) throw new StatementError(`${words} is not ${width} bits wide`);
    return registerOf(words);
  }
  const value = Number(bigOf(words));
  // Half the world writes 0xffffffff for -1 where 32 bits are compared.
  const limit = width === 32 ? 0xffffffff : 0x7fffffff;
  if (value < -0x80000000 || value > limit) throw new StatementError(`${words} does not fit 32 bits`);
  return value | 0;
}

function bigOf(text: string | undefined): bigint {
  const words = text as string;
  return words.startsWith('-') ? -BigInt(words.slice(1)) : BigInt(words);
}

function conditionOf(text: string | undefined): Condition {
  if (!Object.hasOwn(conditionCodes, text as string)) throw new StatementError(`there is no condition ${text}`);
  return text as Condition;
}

function sizeOf(bits: string | undefined): MemorySize {
  return (Number(bits) / 8) as MemorySize;
}

function offsetOf(sign: string | undefined, text: string | undefined): number {
  const offset = sign === '-' ? -Number(text) : Number(text);
  if (offset < -32768 || offset > 32767) throw new StatementError(`offset ${offset} does not fit 16 bits`);
  return offset;
}

function helperOf(name: string | undefined, number: string | undefined): number {
  if (number !== undefined) return Number(number);
  const known = helperByName(name as string);
  if (known === undefined) throw new StatementError(`there is no helper ${name} that pktf knows`);
  return known;
}

function distanceOf(text: string): number {
  return text.startsWith('-') ? -Number(text.slice(1)) : Number(text.slice(1));
}

/** A distance is told by every disassembler, a label not by all; where both stand, the distance is right. */
function labelOf(
  distance: string | undefined,
  behind: string | undefined,
  name: string | undefined,
  labelAt: LabelAt,
): string {
  if (name !== undefined) return name;
  return behind !== undefined && /^[A-Za-z_.$][\w.$]*$/.test(behind) ? behind : labelAt(distanceOf(distance as string));
}

import { helperName } from './helper.ts';
import {
  slotsOf,
  type AluOperator,
  type ByteSwap,
  type Instruction,
  type MemorySize,
  type Operand,
  type Register,
  type Width,
} from './instruction.ts';
import { layout, type Placed } from './layout.ts';

/**
 * A program as text, in the form of llvm-objdump, but for what is compared, which is hexadecimal as in bpftool's: `w` registers are the low halves, a jump names
 * its distance in slots and its label.
 *
 *     0:  r2 = *(u32 *)(r1 + 0)
 *     1:  if r2 > r3 goto +5 <twin0>
 */
export function disassemble(instructions: readonly Instruction[]): string {
  const { placed, labels } = layout(instructions);
  const width = String(placed.at(-1)?.slot ?? 0).length;
  const names = namesBySlot(labels);
  const lines: string[] = [];
  for (const each of placed) {
    for (const name of names.get(each.slot) ?? []) lines.push(`<${name}>:`);
    lines.push(`${String(each.slot).padStart(width + 2)}:  ${textOf(each)}`);
  }
  const end = placed.at(-1);
  const afterEnd = end === undefined ? 0 : end.slot + slotsOf(end.instruction);
  for (const name of names.get(afterEnd) ?? []) lines.push(`<${name}>:`);
  return lines.map((line) => `${line}\n`).join('');
}

function namesBySlot(labels: ReadonlyMap<string, number>): ReadonlyMap<number, readonly string[]> {
  const names = new Map<number, string[]>();
  for (const [name, slot] of labels) {
    const known = names.get(slot);
    if (known === undefined) names.set(slot, [name]);
    else known.push(name);
  }
  return names;
}

const aluSymbols: Readonly<Record<AluOperator, string>> = {
  mov: '=',
  add: '+=',
  sub: '-=',
  mul: '*=',
  div: '/=',
  mod: '%=',
  or: '|=',
  and: '&=',
  xor: '^=',
  lsh: '<<=',
  rsh: '>>=',
  arsh: 's>>=',
};

export function aluOperatorOf(symbol: string): AluOperator | undefined {
  return (Object.keys(aluSymbols) as AluOperator[]).find((operator) => aluSymbols[operator] === symbol);
}

function textOf({ instruction, distance }: Placed): string {
  switch (instruction.kind) {
    case 'alu': {
      const { operator, width, destination, source } = instruction;
      return `${registerText(destination, width)} ${aluSymbols[operator]} ${operandText(source, width)}`;
    }
    case 'neg': {
      const register = registerText(instruction.destination, instruction.width);
      return `${register} = -${register}`;
    }
    case 'byte-swap':
      return swapText(instruction);
    case 'load':
      return `${instruction.destination} = ${memoryText(instruction.size, instruction.base, instruction.offset)}`;
    case 'store':
      return `${memoryText(instruction.size, instruction.base, instruction.offset)} = ${operandText(instruction.source, 64)}`;
    case 'load-immediate':
      return `${instruction.destination} = 0x${BigInt.asUintN(64, instruction.value).toString(16)} ll`;
    case 'load-map':
      return `${instruction.destination} = map[${instruction.map}]`;
    case 'load-map-value':
      return `${instruction.destination} = map[${instruction.map}][0]+${instruction.offset}`;
    case 'load-kernel-function':
      return `${instruction.destination} = kernel-function#${instruction.function} ll`;
    case 'jump':
      return `goto ${jumpText(distance, instruction.target)}`;
    case 'jump-if': {
      const { left, condition, right, width, target } = instruction;
      return `if ${registerText(left, width)} ${condition} ${comparedText(right, width)} goto ${jumpText(distance, target)}`;
    }
    case 'call': {
      const name = helperName(instruction.helper);
      return name === undefined ? `call ${instruction.helper}` : `call bpf_${name}#${instruction.helper}`;
    }
    case 'call-kernel':
      return `call kernel-function#${instruction.function}`;
    case 'exit':
      return 'exit';
  }
}

function swapText({ order, bits, destination }: ByteSwap): string {
  return `${destination} = ${order}${bits} ${destination}`;
}

function registerText(register: Register, width: Width): string {
  return width === 32 ? register.replace('r', 'w') : register;
}

function operandText(operand: Operand, width: Width): string {
  return typeof operand === 'number' ? String(operand) : registerText(operand, width);
}

function comparedText(operand: Operand, width: Width): string {
  if (typeof operand !== 'number') return registerText(operand, width);
  return operand < 0 ? `-0x${(-operand).toString(16)}` : `0x${operand.toString(16)}`;
}

function memoryText(size: MemorySize, base: Register, offset: number): string {
  return `*(u${size * 8} *)(${base} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)})`;
}

/** The jumps of trampolines have no name. */
function jumpText(distance: number, target: string): string {
  const signed = distance < 0 ? String(distance) : `+${distance}`;
  return target === '' ? signed : `${signed} <${target}>`;
}

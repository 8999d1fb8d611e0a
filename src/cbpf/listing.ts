import { extensionFacts } from './extension.ts';
import { decode, encode, meaningOf } from './raw.ts';
import type { AluOperation, Instruction } from './instruction.ts';
import { mnemonicOf } from './mnemonic.ts';
import type { RawInstruction } from './program.ts';

/** `tcpdump -d`: for people. Byte for byte what tcpdump 4.99 with libpcap 1.10 prints, final newline included. */
export function listProgram(instructions: readonly Instruction[]): string {
  return lines(instructions.map((instruction, index) => listInstruction(instruction, index)));
}

/** `tcpdump -dd`: a C array. */
export function listAsC(instructions: readonly Instruction[]): string {
  return lines(
    instructions.map(encode).map(({ code, jt, jf, k }) => {
      return `{ 0x${code.toString(16)}, ${jt}, ${jf}, 0x${k.toString(16).padStart(8, '0')} },`;
    }),
  );
}

/** `tcpdump -ddd`: decimal numbers after a count, for other programs. */
export function listAsNumbers(instructions: readonly Instruction[]): string {
  const rows = instructions.map(encode).map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`);
  return lines([String(instructions.length), ...rows]);
}

/**
 * Reads what `tcpdump -ddd` prints.
 * @throws RangeError naming the line that is not four numbers in range, or the count that does not agree
 */
export function readNumbers(text: string): readonly Instruction[] {
  const [count = '', ...rows] = text.trim().split('\n');
  if (Number(count) !== rows.length)
    throw new RangeError(`line 1 promises ${count} instructions, ${rows.length} follow`);
  return rows.map((row, index) => decode(readRow(row, index + 2)));
}

function readRow(row: string, line: number): RawInstruction {
  const numbers = /^(\d+) (\d+) (\d+) (\d+)$/.exec(row.trim())?.slice(1).map(Number);
  const [code = Infinity, jt = 0, jf = 0, k = 0] = numbers ?? [];
  if (code > 0xffff || jt > 0xff || jf > 0xff || k > 0xffffffff) {
    throw new RangeError(`line ${line} is no instruction, code jt jf k: ${row}`);
  }
  return { code, jt, jf, k };
}

function lines(rows: readonly string[]): string {
  return rows.map((row) => `${row}\n`).join('');
}

/** One line of `tcpdump -d`, without its newline; `index` is the instruction's place, which jump targets count from. */
export function listInstruction(exact: Instruction, index: number): string {
  const instruction = meaningOf(encode(exact));
  const number = `(${String(index).padStart(3, '0')})`;
  const operation = mnemonicOf(instruction).padEnd(8);
  const operand = listOperand(instruction, index);
  if (instruction.kind !== 'jump-if' && instruction.kind !== 'jump-if-index')
    return `${number} ${operation} ${operand}`;
  const whenTrue = index + 1 + instruction.skipTrue;
  const whenFalse = index + 1 + instruction.skipFalse;
  return `${number} ${operation} ${operand.padEnd(16)} jt ${whenTrue}\tjf ${whenFalse}`;
}

function listOperand(instruction: Instruction, index: number): string {
  switch (instruction.kind) {
    case 'load-absolute':
      return `[${signed(instruction.offset)}]`;
    case 'load-indirect':
      return `[x + ${signed(instruction.offset)}]`;
    case 'load-mem-shift':
      return `4*([${signed(instruction.offset)}]&0xf)`;
    case 'load-immediate':
      return hexadecimal(instruction.value);
    case 'load-length':
      return '#pktlen';
    case 'load-scratch':
    case 'store-scratch':
      return `M[${signed(instruction.cell)}]`;
    case 'load-extension':
      return `[${extensionFacts(instruction.extension).listing}]`;
    case 'alu-constant':
      return isBitwise(instruction.operation) ? hexadecimal(instruction.value) : `#${signed(instruction.value)}`;
    case 'alu-index':
    case 'jump-if-index':
      return 'x';
    case 'jump':
      return String(signed(index + 1 + instruction.skip));
    case 'jump-if':
      return hexadecimal(instruction.value);
    case 'return-constant':
      return `#${signed(instruction.value)}`;
    case 'unknown':
      return `0x${instruction.raw.code.toString(16)}`;
    case 'negate':
    case 'tax':
    case 'txa':
    case 'return-accumulator':
      return '';
  }
}

function isBitwise(operation: AluOperation): boolean {
  return operation === 'and' || operation === 'or' || operation === 'xor';
}

function hexadecimal(value: number): string {
  return `#0x${value.toString(16)}`;
}

/** libpcap prints decimal numbers as signed ones. */
function signed(value: number): number {
  return value | 0;
}

import type { RawInstruction } from '../../src/cbpf/program.ts';

/**
 * Reads a listing as `tcpdump -d` prints it back into instructions, backward jumps included (`protochain` has them).
 * @returns undefined where it reads metadata of a live packet (`ldb [vlanp]`), which no capture has
 */
export function parseListing(listing: string): readonly RawInstruction[] | undefined {
  const lines = listing.split('\n').filter((line) => line.trim() !== '');
  const instructions = lines.map((line, index) => parseLine(line, index));
  return instructions.every((instruction) => instruction !== undefined) ? instructions : undefined;
}

const arithmetic: Readonly<Record<string, number>> = {
  add: 0x00,
  sub: 0x10,
  mul: 0x20,
  div: 0x30,
  or: 0x40,
  and: 0x50,
  lsh: 0x60,
  rsh: 0x70,
  neg: 0x80,
  mod: 0x90,
  xor: 0xa0,
};

const jumps: Readonly<Record<string, number>> = { jeq: 0x15, jgt: 0x25, jge: 0x35, jset: 0x45 };

const loads: Readonly<Record<string, number>> = { ld: 0x00, ldh: 0x08, ldb: 0x10 };

const withoutOperand: Readonly<Record<string, number>> = { tax: 0x07, txa: 0x87, neg: 0x84 };

function parseLine(line: string, index: number): RawInstruction | undefined {
  const match = /^\((\d+)\) (\w+)\s*(.*?)\s*(?:jt (\d+)\s+jf (\d+))?\s*$/.exec(line);
  if (match === null) throw new Error(`no line of a listing: ${line}`);
  const [, , name = '', operand = '', whenTrue, whenFalse] = match;
  const jt = whenTrue === undefined ? 0 : Number(whenTrue) - index - 1;
  const jf = whenFalse === undefined ? 0 : Number(whenFalse) - index - 1;
  const make = (code: number, k = 0): RawInstruction => ({ code, jt, jf, k: k >>> 0 });

  const constant = /^#(0x[0-9a-f]+|\d+)$/.exec(operand)?.[1];
  const cell = /^M\[(\d+)\]$/.exec(operand)?.[1];
  const absolute = /^\[(\d+)\]$/.exec(operand)?.[1];
  const indirect = /^\[x \+ (\d+)\]$/.exec(operand)?.[1];

  if (name === 'ja') return make(0x05, Number(operand) - index - 1);
  if (name === 'ret') return make(0x06, Number(constant));
  if (name === 'st') return make(0x02, Number(cell));
  if (name === 'stx') return make(0x03, Number(cell));
  if (name === 'ldxb') return make(0xb1, Number(/\[(\d+)\]/.exec(operand)?.[1]));
  if (name === 'ldx') return cell === undefined ? make(0x01, Number(constant)) : make(0x61, Number(cell));
  if (withoutOperand[name] !== undefined && operand === '') return make(withoutOperand[name]);
  if (jumps[name] !== undefined)
    return operand === 'x' ? make(jumps[name] | 0x08) : make(jumps[name], Number(constant));
  if (arithmetic[name] !== undefined) {
    return operand === 'x' ? make(0x0c | arithmetic[name]) : make(0x04 | arithmetic[name], Number(constant));
  }
  const size = loads[name];
  if (size === undefined) throw new Error(`unknown instruction: ${line}`);
  if (operand === '#pktlen') return make(0x80);
  if (constant !== undefined) return make(0x00, Number(constant));
  if (cell !== undefined) return make(0x60, Number(cell));
  if (absolute !== undefined) return make(0x20 | size, Number(absolute));
  if (indirect !== undefined) return make(0x40 | size, Number(indirect));
  return undefined;
}

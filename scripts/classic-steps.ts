// Counts what a classic program executes for a packet: scripts/compare-code-size.ts.
import type { Instruction } from '../src/cbpf/instruction.ts';
import { encode } from '../src/cbpf/raw.ts';
import { calculate, type BinaryOperator } from '../src/ir/value.ts';

const operators: Readonly<Record<number, BinaryOperator>> = {
  0x00: 'add',
  0x10: 'subtract',
  0x20: 'multiply',
  0x30: 'divide',
  0x40: 'or',
  0x50: 'and',
  0x60: 'shift-left',
  0x70: 'shift-right',
  0x90: 'modulo',
  0xa0: 'xor',
};

/** How many instructions run, the return or the load that fails included. */
export function executedInstructions(program: readonly Instruction[], bytes: Uint8Array, length: number): number {
  const raw = program.map((instruction) => encode(instruction));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scratch = Array.from({ length: 16 }, () => 0);
  const load = (offset: number, size: number): number | undefined => {
    if (offset + size > bytes.length) return undefined;
    return size === 4 ? view.getUint32(offset) : size === 2 ? view.getUint16(offset) : view.getUint8(offset);
  };
  const sizeOf = (code: number): number => [4, 2, 1][(code >> 3) & 3] as number;
  let [a, x, steps] = [0, 0, 0];
  for (let pc = 0; ; pc++) {
    const { code, jt, jf, k } = raw[pc] as (typeof raw)[number];
    steps++;
    const source = (code & 8) === 0 ? k : x;
    let loaded: number | undefined = 0;
    switch (code & 7) {
      case 0: {
        const mode = code & 0xe0;
        if (mode === 0x20) loaded = load(k, sizeOf(code));
        else if (mode === 0x40) loaded = load(x + k, sizeOf(code));
        else loaded = mode === 0x00 ? k : mode === 0x60 ? scratch[k] : length;
        a = loaded ?? 0;
        break;
      }
      case 1: {
        const mode = code & 0xe0;
        if (mode === 0xa0) loaded = load(k, 1);
        else loaded = mode === 0x00 ? k : mode === 0x60 ? scratch[k] : length;
        x = mode === 0xa0 ? ((loaded ?? 0) & 15) * 4 : (loaded ?? 0);
        break;
      }
      case 2:
        scratch[k] = a;
        break;
      case 3:
        scratch[k] = x;
        break;
      case 4: {
        const operator = operators[code & 0xf0];
        loaded = operator === undefined ? -a >>> 0 : calculate(operator, a, source);
        a = loaded ?? 0;
        break;
      }
      case 5: {
        const condition = code & 0xf0;
        if (condition === 0) pc += k;
        else {
          const holds =
            condition === 0x10
              ? a === source
              : condition === 0x20
                ? a > source
                : condition === 0x30
                  ? a >= source
                  : (a & source) !== 0;
          pc += holds ? jt : jf;
        }
        break;
      }
      case 6:
        return steps;
      default:
        if ((code & 0xf8) === 0) x = a;
        else a = x;
    }
    if (loaded === undefined) return steps;
  }
}

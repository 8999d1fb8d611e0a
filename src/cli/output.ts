import { styleText } from 'node:util';

/** Where a command's words go: results to standard output, remarks to standard error. The only place that prints. */
export interface Output {
  readonly json: boolean;
  /** A line of the result, for people. Nothing is printed with `--json`. */
  line(text: string): void;
  /** Text of the result as it is, without a line end of ours. */
  text(text: string): void;
  /** The one JSON document of `--json`. Nothing is printed without it. */
  document(value: unknown): void;
  /** A remark beside the result. */
  note(text: string): void;
  warn(text: string): void;
}

export function openOutput(json: boolean): Output {
  return {
    json,
    line: (text) => {
      if (!json) process.stdout.write(`${text}\n`);
    },
    text: (text) => {
      if (!json) process.stdout.write(text);
    },
    document: (value) => {
      if (json) process.stdout.write(`${toJson(value)}\n`);
    },
    note: (text) => {
      process.stderr.write(`${text}\n`);
    },
    warn: (text) => {
      process.stderr.write(`${emphasize('yellow', 'warning:')} ${text}\n`);
    },
  };
}

/** Numbers that a JSON reader would round are strings. */
function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item !== 'bigint') return item;
      return item >= -MAX_EXACT && item <= MAX_EXACT ? Number(item) : item.toString();
    },
    2,
  );
}

const MAX_EXACT = BigInt(Number.MAX_SAFE_INTEGER);

/** Colour on a terminal only, never with NO_COLOR (https://no-color.org). For standard error. */
export function emphasize(format: 'red' | 'yellow' | 'bold' | 'green' | 'dim', text: string): string {
  const wanted = process.stderr.isTTY && !process.env['NO_COLOR'];
  return wanted ? styleText(format, text) : text;
}

/** Columns side by side, the first rows' cells as wide as the widest; numbers belong right-aligned. */
export function table(rows: readonly (readonly string[])[], rightAligned: ReadonlySet<number> = new Set()): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, i) => (rightAligned.has(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

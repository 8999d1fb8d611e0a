import type { Source, Span } from '../ir/span.ts';
import { slotsOf, type Instruction } from './instruction.ts';
import { layout } from './layout.ts';

/** From this slot on, up to the next record, the instructions come from this place of a source. */
export interface LineRecord {
  readonly slot: number;
  readonly file: string;
  /** The line of the source, or of a very long one the part from the column on; no newline in it. */
  readonly text: string;
  /** Both from 1; 0 where an instruction comes from no place (the ends of a program). */
  readonly line: number;
  readonly column: number;
}

const longestText = 200;

/** One record for each change of place; the first one is for slot 0, without which the kernel takes none. */
export function lineRecords(instructions: readonly Instruction[]): readonly LineRecord[] {
  const lines = createLineFinder();
  const records: LineRecord[] = [];
  let previous: Span | undefined | null = null;
  for (const { instruction, slot } of layout(instructions).placed) {
    if (slotsOf(instruction) === 0 || instruction.span === previous) continue;
    previous = instruction.span;
    records.push(previous === undefined ? { slot, ...nowhere } : { slot, ...lines(previous) });
  }
  return records;
}

const nowhere = { file: 'pktf', text: '(end)', line: 0, column: 0 };

type LinePlace = Omit<LineRecord, 'slot'>;

/** Finds lines by bisection, for a program has as many spans as a list of hosts has entries. */
function createLineFinder(): (span: Span) => LinePlace {
  const lineStarts = new Map<Source, readonly number[]>();
  return ({ source, start }) => {
    const starts = lineStarts.get(source) ?? lineStartsOf(source.text);
    lineStarts.set(source, starts);
    const line = lineAt(starts, start);
    const lineStart = starts[line] as number;
    const lineEnd = (starts[line + 1] ?? source.text.length + 1) - 1;
    const from = lineEnd - lineStart > longestText ? start : lineStart;
    const text = source.text.slice(from, Math.min(lineEnd, from + longestText)).replace(/\r$/, '');
    return { file: source.name, text, line: line + 1, column: start - lineStart + 1 };
  };
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The index of the last start that is not behind the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] as number) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

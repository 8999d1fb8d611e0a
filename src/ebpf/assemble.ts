import type { Source, Span } from '../ir/span.ts';
import { slotsOf, type Instruction } from './instruction.ts';
import { jumpTargets, type JumpTargets } from './jump-targets.ts';
import { label } from './jump.ts';
import { parseStatement, StatementError } from './statement.ts';

/** One thing wrong in an assembler text: one line, no final stop. */
export interface AssemblyDiagnostic {
  readonly message: string;
  readonly span: Span;
}

/** All that is wrong in an assembler text, in its order. */
export class AssemblyError extends Error {
  readonly diagnostics: readonly AssemblyDiagnostic[];

  constructor(diagnostics: readonly AssemblyDiagnostic[]) {
    super(diagnostics.map(({ message }) => message).join('\n'));
    this.name = 'AssemblyError';
    this.diagnostics = diagnostics;
  }
}

/** `12:` before an instruction, and the bytes that llvm-objdump or the opcode that bpftool puts behind it. */
const slotPrefix = /^\s*\d+:\s*(?:(?:[0-9a-f]{2} ){7}[0-9a-f]{2}\s+|\([0-9a-f]{2}\)\s+)?/;
/** `name:` or `<name>:`, the latter perhaps behind an address. */
const labelLine = /^\s*(?:(?:[0-9a-f]{16}\s+)?<([\w.$]+)>|([A-Za-z_.$][\w.$]*)):\s*$/;
/** Between the instructions bpftool prints the source. */
const commentLine = /^\s*(?:;|\/\/|#|$)/;

interface Listing {
  readonly statements: { readonly slot: number; readonly instruction: Instruction; readonly span: Span }[];
  readonly labels: Set<string>;
  readonly targets: JumpTargets;
  /** Where the next instruction stands. */
  slot: number;
}

/**
 * Reads a program as `disassemble`, llvm-objdump and bpftool print it, one instruction a line: numbers before the
 * instructions may be missing, a jump may name a label or a distance. Each instruction remembers its words.
 * @throws AssemblyError with all that is wrong
 */
export function assemble(source: Source): readonly Instruction[] {
  const prefix = unusedPrefix(source.text);
  const listing: Listing = { statements: [], labels: new Set(), targets: jumpTargets(prefix), slot: 0 };
  const errors = [...linesOf(source)].flatMap((line) => problemsOf(line.span, () => readLine(line, listing)));
  errors.push(...listing.statements.flatMap((statement) => missingLabels(statement, listing.labels, prefix)));
  const placed = listing.targets.placeAmong(listing.statements, listing.slot);
  if (placed.kind === 'missing') {
    const message = `a jump leads to ${placed.slot}, where no instruction begins`;
    errors.push({ message, span: { source, start: 0, end: source.text.length } });
  }
  if (errors.length > 0 || placed.kind === 'missing') {
    throw new AssemblyError(errors.toSorted((first, second) => first.span.start - second.span.start));
  }
  return placed.instructions;
}

/** For labels of our own. */
function unusedPrefix(text: string): string {
  let prefix = 'L';
  while (text.includes(prefix)) prefix = `_${prefix}`;
  return prefix;
}

function problemsOf(span: Span, work: () => void): readonly AssemblyDiagnostic[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof StatementError) return [{ message: error.message, span }];
    throw error;
  }
}

function readLine({ text, span }: Line, listing: Listing): void {
  const { statements, labels, targets, slot } = listing;
  const found = labelLine.exec(text);
  const name = found?.[1] ?? found?.[2];
  if (name !== undefined) {
    if (labels.has(name)) throw new StatementError(`label ${name} is given twice`);
    labels.add(name);
    statements.push({ slot, instruction: label(name), span });
    return;
  }
  if (commentLine.test(text)) return;
  listing.slot++;
  const instruction = parseStatement(text, (distance) => targets.labelOf(slot + 1 + distance));
  listing.slot = slot + slotsOf(instruction);
  statements.push({ slot, instruction: { ...instruction, span }, span });
}

function missingLabels(
  { instruction, span }: Listing['statements'][number],
  labels: ReadonlySet<string>,
  ownPrefix: string,
): readonly AssemblyDiagnostic[] {
  if (instruction.kind !== 'jump' && instruction.kind !== 'jump-if') return [];
  const { target } = instruction;
  if (labels.has(target) || target.startsWith(ownPrefix)) return [];
  return [{ message: `there is no label ${target}`, span }];
}

interface Line {
  readonly text: string;
  /** Of the statement: what stands before and behind it left out. */
  readonly span: Span;
}

function* linesOf(source: Source): Generator<Line> {
  let start = 0;
  for (const whole of source.text.split('\n')) {
    const prefix = slotPrefix.exec(whole)?.[0].length ?? 0;
    const text = whole.slice(prefix);
    const indent = text.length - text.trimStart().length;
    const from = start + prefix + indent;
    yield { text, span: { source, start: from, end: from + text.trim().length } };
    start += whole.length + 1;
  }
}

import type { Source, Span } from '../../ir/span.ts';
import { jump, jumpIf, jumpIfIndex, withSpan, type Instruction } from '../instruction.ts';
import { decode } from '../raw.ts';
import { wellKnownConstants } from './constants.ts';
import { accept, peek, spanSince, take, type Cursor } from './cursor.ts';
import { AssemblyError, StatementError } from './diagnostic.ts';
import type { Constants } from './operand.ts';
import { parseStatement, type ConditionalStatement, type Statement } from './statement.ts';
import { tokenize, type Line, type Token } from './tokens.ts';

/** The farthest that a conditional jump goes. */
const longestSkip = 255;

/**
 * The instructions of a text in the form of the kernel's bpf_asm (Documentation/networking/filter.rst), one statement
 * a line. Each remembers its words. Whether the kernel takes the program is for `check` to say.
 * @param constants names for numbers beside the well-known ones, and before them
 * @throws AssemblyError with all that is wrong
 */
export function assemble(source: Source, constants: Constants = new Map()): readonly Instruction[] {
  const errors: StatementError[] = [];
  const known = new Map([...wellKnownConstants, ...constants]);
  const program: Listing = { statements: [], labels: new Map() };
  for (const line of tokenize(source, (error) => errors.push(error))) {
    collect(errors, () => readLine(line, known, program));
  }
  const instructions = program.statements.flatMap(
    (placed, index) => collect(errors, () => withSpan(resolve(placed.statement, index, program), placed.span)) ?? [],
  );
  if (errors.length > 0) {
    errors.sort((first, second) => first.span.start - second.span.start);
    throw new AssemblyError(errors.map(({ message, span }) => ({ message, span })));
  }
  return instructions;
}

interface Listing {
  readonly statements: { readonly statement: Statement; readonly span: Span }[];
  /** By name: the number of the instruction that it stands before. */
  readonly labels: Map<string, number>;
}

/** Runs a step of the work; what it throws is kept with the other errors. */
function collect<Result>(errors: StatementError[], step: () => Result): Result | undefined {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof StatementError)) throw error;
    errors.push(error);
    return undefined;
  }
}

function readLine(line: Line, constants: Constants, program: Listing): void {
  const cursor: Cursor = { line, next: 0 };
  while (peek(cursor).kind === 'word' && peek(cursor, 1).text === ':') {
    defineLabel(take(cursor), program);
    accept(cursor, ':');
  }
  if (peek(cursor).kind === 'end') return;
  const first = peek(cursor);
  const statement = parseStatement(cursor, constants);
  program.statements.push({ statement, span: spanSince(cursor, first) });
}

function defineLabel({ text, span }: Token, { labels, statements }: Listing): void {
  if (labels.has(text)) throw new StatementError(`label ${text} stands twice`, span);
  labels.set(text, statements.length);
}

function resolve(statement: Statement, index: number, { labels }: Listing): Instruction {
  switch (statement.kind) {
    case 'plain':
      // Raw numbers may stand for an instruction that has a name.
      return statement.instruction.kind === 'unknown' ? decode(statement.instruction.raw) : statement.instruction;
    case 'jump':
      return jump(skipTo(statement.target, index, labels));
    case 'conditional':
      return resolveConditional(statement, index, labels);
  }
}

function resolveConditional(
  { condition, operand, whenTrue, whenFalse }: ConditionalStatement,
  index: number,
  labels: Listing['labels'],
): Instruction {
  const skip = (target: Token | undefined): number => {
    if (target === undefined) return 0;
    const distance = skipTo(target, index, labels);
    if (distance <= longestSkip) return distance;
    const message = `${target.text} is ${distance} instructions away; a conditional jump skips at most ${longestSkip}`;
    throw new StatementError(message, target.span);
  };
  const [skipTrue, skipFalse] = [skip(whenTrue), skip(whenFalse)];
  return operand === 'X'
    ? jumpIfIndex(condition, skipTrue, skipFalse)
    : jumpIf(condition, operand, skipTrue, skipFalse);
}

function skipTo({ text, span }: Token, index: number, labels: Listing['labels']): number {
  const place = labels.get(text);
  if (place === undefined) throw new StatementError(`there is no label ${text}`, span);
  if (place <= index) throw new StatementError(`${text} stands before the jump: programs only go forward`, span);
  return place - index - 1;
}

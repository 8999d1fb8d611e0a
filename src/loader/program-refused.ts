import type { Program } from '../ebpf/program.ts';
import { spansBySlot } from '../ebpf/encode.ts';
import { slotsOf } from '../ebpf/instruction.ts';
import { command, commandName } from '../kernel/bpf/command.ts';
import { VerifierError } from '../kernel/bpf/program.ts';
import { isSystemError } from '../kernel/system-error.ts';
import { textOf, type Span } from '../ir/span.ts';

/**
 * The verifier refused a program that pktf made. That is a bug of pktf, so the message says what to report: the
 * verifier's telling line, and the user's words that the refused instruction came from.
 */
export class ProgramRefused extends Error {
  readonly span: Span | undefined;
  /** All that the verifier wrote. */
  readonly log: string;

  constructor(message: string, span: Span | undefined, log: string) {
    super(message);
    this.name = 'ProgramRefused';
    this.span = span;
    this.log = log;
  }
}

/**
 * The kernel's verifier goes through a million instructions of a program and lets 8,192 jumps wait, no more. A policy of
 * several thousand rules that all ask for something else can need more than that.
 */
export class ProgramTooLarge extends Error {
  readonly help = 'put addresses and ports that get the same verdict into sets, and ask for `@set` in one rule';

  constructor(program: Program, kernelText: string) {
    const slots = program.instructions.reduce((sum, instruction) => sum + slotsOf(instruction), 0);
    super(`the program (${slots} instructions) is too large for the kernel's verifier: ${kernelText}`);
    this.name = 'ProgramTooLarge';
  }
}

/** @returns what to tell the user; undefined: it is no refusal of the program itself */
export function refusalOf(program: Program, error: unknown): ProgramRefused | ProgramTooLarge | undefined {
  // Without a word in the log, the program was more than the kernel looks at.
  if (isSystemError(error, 'E2BIG') && error.call === commandName(command.PROG_LOAD)) {
    return new ProgramTooLarge(program, error.kernelText ?? error.message);
  }
  if (!(error instanceof VerifierError)) return undefined;
  if (/jumps is too complex/.test(error.log)) return new ProgramTooLarge(program, error.kernelText ?? error.message);
  return refusal(program, error);
}

function refusal(program: Program, error: VerifierError): ProgramRefused {
  const span = refusedSpan(program, error.log);
  const words = span === undefined ? '' : `, at “${textOf(span)}”`;
  return new ProgramRefused(`the kernel's verifier refused the program${words}: ${error.kernelText}`, span, error.log);
}

/** The span of the last instruction in the verifier's log, which numbers instructions by 8-byte slots. */
function refusedSpan(program: Program, log: string): Span | undefined {
  const numbers = [...log.matchAll(/^(\d+): \(/gm)];
  const last = numbers.at(-1)?.[1];
  return last === undefined ? undefined : spansBySlot(program.instructions)[Number(last)];
}

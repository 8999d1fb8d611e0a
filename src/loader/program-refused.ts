import type { Program } from '../ebpf/program.ts';
import { spansBySlot } from '../ebpf/encode.ts';
import type { VerifierError } from '../kernel/bpf/program.ts';
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

export function refusal(program: Program, error: VerifierError): ProgramRefused {
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

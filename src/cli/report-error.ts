import { AttachError } from '../kernel/attach-error.ts';
import { InexpressibleError } from '../cbpf/generate/inexpressible.ts';
import { ObjectFileError } from '../ebpf/object-file.ts';
import { ProgramRefused, ProgramTooLarge } from '../loader/program-refused.ts';
import { UnreadableFile } from '../rules/policy-files.ts';
import { ReplayError } from '../replay/replay-error.ts';
import { ApplianceError } from '../appliance/appliance-error.ts';
import { CaptureError } from '../capture/capture-error.ts';
import { DiagnosticError, type Diagnostic } from '../compiler/diagnostic.ts';
import { SystemError } from '../kernel/system-error.ts';
import { exitCode } from './exit-code.ts';
import { InputError } from './input-error.ts';
import { emphasize } from './output.ts';

/**
 * Says what went wrong and what to do, on standard error.
 * @returns the exit code that goes with it
 */
export async function reportError(error: unknown): Promise<number> {
  if (error instanceof DiagnosticError) {
    const { render } = await import('../compiler/render.ts');
    for (const diagnostic of error.diagnostics) process.stderr.write(`${render(diagnostic)}\n`);
    return exitCode.input;
  }
  if (error instanceof UnreadableFile) return say(error.message, undefined, exitCode.input);
  if (error instanceof InputError) return say(error.message, error.help, exitCode.input);
  if (error instanceof CaptureError) return say(error.message, undefined, captureExitCode(error));
  if (error instanceof ReplayError || error instanceof InexpressibleError || error instanceof ObjectFileError) {
    return say(error.message, undefined, exitCode.input);
  }
  if (error instanceof AttachError) return say(error.message, error.remedy, attachExitCode(error));
  if (error instanceof ProgramRefused) {
    return say(error.message, 'this is a bug in pktf: please report it with the text of the filter', exitCode.bug);
  }
  if (error instanceof ProgramTooLarge) return say(error.message, error.help, exitCode.kernel);
  if (error instanceof ApplianceError) {
    return say(error.message, error.help, error.refusedBy === 'input' ? exitCode.input : exitCode.kernel);
  }
  if (error instanceof SystemError) return say(error.message, helpForErrno(error), exitCode.kernel);
  return reportBug(error);
}

/** What the operating system failed to do is not the input's fault. */
function captureExitCode({ code }: CaptureError): number {
  return code === 'disk-full' || code === 'cannot-write' || code === 'cannot-read' ? exitCode.kernel : exitCode.input;
}

function attachExitCode({ code }: AttachError): number {
  return code === 'no-interface' || code === 'nothing-attached' ? exitCode.input : exitCode.kernel;
}

function say(message: string, help: string | undefined, code: number): number {
  process.stderr.write(`${emphasize('red', 'error:')} ${message}\n`);
  if (help !== undefined) process.stderr.write(`  ${emphasize('bold', 'help:')} ${help}\n`);
  return code;
}

function helpForErrno(error: SystemError): string | undefined {
  if (error.code === 'EPERM' || error.code === 'EACCES') {
    return 'this needs privileges that the process does not have; `pktf features` tells which';
  }
  return undefined;
}

function reportBug(error: unknown): number {
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`pktf: this is a bug in pktf, please report it:\n${details}\n`);
  return exitCode.bug;
}

/** Draws the warnings of a compiled filter. */
export async function warnAbout(warnings: readonly Diagnostic[]): Promise<void> {
  if (warnings.length === 0) return;
  const { render } = await import('../compiler/render.ts');
  for (const warning of warnings) process.stderr.write(`${render(warning)}\n`);
}

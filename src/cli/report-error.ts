import { ApplianceError } from '../appliance/appliance-error.ts';
import { CaptureError } from '../capture/capture-error.ts';
import { DiagnosticError } from '../compiler/diagnostic.ts';
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
    const { renderDiagnostic } = await import('../compiler/render.ts');
    for (const diagnostic of error.diagnostics) process.stderr.write(`${renderDiagnostic(diagnostic)}\n`);
    return exitCode.input;
  }
  if (error instanceof InputError) return say(error.message, error.help, exitCode.input);
  if (error instanceof CaptureError) return say(error.message, undefined, exitCode.input);
  if (error instanceof ApplianceError) {
    return say(error.message, error.help, error.refusedBy === 'input' ? exitCode.input : exitCode.kernel);
  }
  if (error instanceof SystemError) return say(error.message, helpForErrno(error), exitCode.kernel);
  return reportBug(error);
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

import { Command, CommanderError } from 'commander';
import { applyCommand } from './command/apply.ts';
import { attachCommand } from './command/attach.ts';
import { captureCommand } from './command/capture.ts';
import { checkCommand } from './command/check.ts';
import { compileCommand } from './command/compile.ts';
import { countersCommand } from './command/counters.ts';
import { detachCommand } from './command/detach.ts';
import { explainCommand } from './command/explain.ts';
import { featuresCommand } from './command/features.ts';
import { replayCommand } from './command/replay.ts';
import { setCommand } from './command/set.ts';
import { statusCommand } from './command/status.ts';
import { testCommand } from './command/test.ts';
import { exitCode } from './exit-code.ts';
import { reportError } from './report-error.ts';
import { version } from '../version.ts';

/** Every command, in the order of the help. Each loads what it needs when it runs. */
const commands: readonly (() => Command)[] = [
  attachCommand,
  detachCommand,
  applyCommand,
  statusCommand,
  countersCommand,
  setCommand,
  checkCommand,
  testCommand,
  explainCommand,
  replayCommand,
  captureCommand,
  compileCommand,
  featuresCommand,
];

/**
 * Runs the command line and sets the process's exit code.
 * @param args without the interpreter and the script
 */
export async function run(args: readonly string[]): Promise<void> {
  leaveQuietlyWhenNobodyReads();
  try {
    await commandLine().parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? usageExitCode(error) : await reportError(error);
  }
}

export function commandLine(): Command {
  const program = new Command('pktf')
    .description('Packet filters in tcpdump’s language: at XDP, at TC, on sockets and over capture files.')
    .version(version, '-V, --version')
    .helpCommand(false)
    .showHelpAfterError('(pktf --help tells more)');
  for (const command of commands) program.addCommand(command());
  for (const command of program.commands.flatMap((each) => [each, ...each.commands])) command.exitOverride();
  program.exitOverride();
  return program;
}

/** Commander has printed what is to be said: help was asked for, or the usage is wrong. */
function usageExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
}

/** `pktf … | head` ends the reader first; that is no error. */
function leaveQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode.ok);
    throw error;
  });
}

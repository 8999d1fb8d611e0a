import { Command, CommanderError } from 'commander';
import { exitCode } from './exit-code.ts';
import { reportError } from './report-error.ts';
import { version } from '../version.ts';

/** Makes a command for commander. */
export type CommandMaker = () => Command;

/**
 * Runs the command line and sets the process's exit code.
 * @param args without the interpreter and the script
 * @param commands those that can be meant: all of them, or the one that is named
 */
export async function run(args: readonly string[], commands: readonly CommandMaker[]): Promise<void> {
  leaveQuietlyWhenNobodyReads();
  try {
    await commandLine(commands).parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? usageExitCode(error) : await reportError(error);
  }
}

export function commandLine(commands: readonly CommandMaker[]): Command {
  const program = new Command('pktf')
    .description('Packet filters in tcpdump’s language: at XDP, at TC, on sockets and over capture files.')
    .version(version, '-V, --version')
    .helpCommand(false)
    .showHelpAfterError('(pktf --help tells more)');
  for (const command of commands) program.addCommand(command());
  program.exitOverride();
  for (const command of program.commands) exitWithHelp(command, `pktf ${command.name()}`);
  return program;
}

/** @param words what is typed for it */
function exitWithHelp(command: Command, words: string): void {
  command.exitOverride().showHelpAfterError(`(${words} --help tells more)`);
  for (const inner of command.commands) exitWithHelp(inner, `${words} ${inner.name()}`);
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

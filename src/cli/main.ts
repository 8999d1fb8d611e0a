import { Command, CommanderError } from 'commander';
import { exitCode } from './exit-code.ts';
import { reportError } from './report-error.ts';
import { version } from '../version.ts';

/** Every command, in the order of the help. A run loads the one that it names, and that what it needs. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  attach: async () => (await import('./command/attach.ts')).attachCommand(),
  detach: async () => (await import('./command/detach.ts')).detachCommand(),
  apply: async () => (await import('./command/apply.ts')).applyCommand(),
  confirm: async () => (await import('./command/confirm.ts')).confirmCommand(),
  rollback: async () => (await import('./command/confirm.ts')).rollbackCommand(),
  status: async () => (await import('./command/status.ts')).statusCommand(),
  counters: async () => (await import('./command/counters.ts')).countersCommand(),
  set: async () => (await import('./command/set.ts')).setCommand(),
  check: async () => (await import('./command/check.ts')).checkCommand(),
  test: async () => (await import('./command/test.ts')).testCommand(),
  explain: async () => (await import('./command/explain.ts')).explainCommand(),
  replay: async () => (await import('./command/replay.ts')).replayCommand(),
  capture: async () => (await import('./command/capture.ts')).captureCommand(),
  compile: async () => (await import('./command/compile.ts')).compileCommand(),
  features: async () => (await import('./command/features.ts')).featuresCommand(),
};

/**
 * Runs the command line and sets the process's exit code.
 * @param args without the interpreter and the script
 */
export async function run(args: readonly string[]): Promise<void> {
  leaveQuietlyWhenNobodyReads();
  try {
    const program = await commandLine(args[0]);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = error instanceof CommanderError ? usageExitCode(error) : await reportError(error);
  }
}

/**
 * The whole program for commander.
 * @param named where it is the name of a command, the others are left out: nothing will ask for them
 */
export async function commandLine(named?: string): Promise<Command> {
  const program = new Command('pktf')
    .description('Packet filters in tcpdump’s language: at XDP, at TC, on sockets and over capture files.')
    .version(version, '-V, --version')
    .helpCommand(false)
    .showHelpAfterError('(pktf --help tells more)');
  const own = named !== undefined && Object.hasOwn(commands, named) ? commands[named] : undefined;
  const wanted = own === undefined ? Object.values(commands) : [own];
  for (const command of await Promise.all(wanted.map((load) => load()))) program.addCommand(command);
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

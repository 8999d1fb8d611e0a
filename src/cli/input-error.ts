/** Something on the command line that is wrong but is not a filter: an interface, a file, a combination of flags. */
export class InputError extends Error {
  /** What to do about it. */
  readonly help: string | undefined;

  constructor(message: string, help?: string) {
    super(message);
    this.name = 'InputError';
    this.help = help;
  }
}

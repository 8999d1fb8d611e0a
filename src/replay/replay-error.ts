/** A replay cannot go on: the capture and the engine do not fit. The message is one line for people. */
export class ReplayError extends Error {
  readonly code: 'unsupported-link-type' | 'engine-unable';

  constructor(code: ReplayError['code'], message: string) {
    super(message);
    this.name = 'ReplayError';
    this.code = code;
  }
}

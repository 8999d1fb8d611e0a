/**
 * Why an operation on an interface was not done, in the user's words. `refusedBy` tells whose word it is: the input's
 * (an interface that does not exist), or the kernel's and the state that it is in.
 */
export class ApplianceError extends Error {
  readonly code: ApplianceErrorCode;
  readonly refusedBy: 'input' | 'kernel';
  /** What to do about it. */
  readonly help: string | undefined;

  constructor(code: ApplianceErrorCode, refusedBy: 'input' | 'kernel', message: string, help?: string) {
    super(message);
    this.name = 'ApplianceError';
    this.code = code;
    this.refusedBy = refusedBy;
    this.help = help;
  }
}

export type ApplianceErrorCode =
  | 'unknown-interface'
  | 'unsupported-interface'
  | 'missing-capability'
  | 'occupied'
  | 'not-attached'
  | 'not-ours'
  | 'mode-refused'
  | 'interface-gone'
  | 'lock-out'
  | 'no-bpffs'
  | 'bad-element'
  | 'hidden-tags'
  | 'refused';

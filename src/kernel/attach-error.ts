import { programInfo } from './bpf/info.ts';
import { programTypes } from './bpf/program.ts';
import type { Kernel } from './kernel.ts';
import type { SystemError } from './system-error.ts';

/** Why a program could not be attached, replaced or detached. */
export type AttachErrorCode =
  /** The interface is not there, or went away meanwhile. */
  | 'no-interface'
  /** A capability is missing. */
  | 'not-permitted'
  /** Another program is there. */
  | 'occupied'
  /** The program there is not the expected one. */
  | 'changed'
  /** A program of another XDP mode is there. */
  | 'other-mode'
  /** A bpf_link holds the program there. */
  | 'held-by-link'
  /** The interface or its driver cannot do this mode. */
  | 'mode-not-supported'
  /** The interface's MTU is too large for the program. */
  | 'mtu-too-large'
  /** The qdisc there has no side for this direction. */
  | 'no-egress-side'
  /** The program was made for another hook. */
  | 'wrong-program-type'
  /** Nothing is attached. */
  | 'nothing-attached'
  /** Any other refusal. */
  | 'refused';

/** A refused change of what is attached to an interface: in words, with what to do about it. */
export class AttachError extends Error {
  readonly code: AttachErrorCode;
  /** What the user can do. */
  readonly remedy: string;
  /** What the kernel said, where it was asked. */
  override readonly cause: SystemError | undefined;

  constructor(code: AttachErrorCode, message: string, remedy: string, cause?: SystemError) {
    super(message);
    this.name = 'AttachError';
    this.code = code;
    this.remedy = remedy;
    this.cause = cause;
  }
}

export function isAttachError(error: unknown, code?: AttachErrorCode): error is AttachError {
  return error instanceof AttachError && (code === undefined || error.code === code);
}

/** @param interfaceName its name, or `interface 7` when only the number is known */
export function noInterface(interfaceName: string, cause?: SystemError): AttachError {
  return new AttachError(
    'no-interface',
    `${interfaceName}: there is no such interface here (any more)`,
    'look at `ip link`; an interface of another network namespace needs --netns',
    cause,
  );
}

export function notPermitted(interfaceName: string, cause: SystemError): AttachError {
  return new AttachError(
    'not-permitted',
    `${interfaceName}: ${cause.message}`,
    'attaching wants CAP_NET_ADMIN and CAP_BPF: run as root or give pktf these capabilities',
    cause,
  );
}

/**
 * The kernel answers a program of another type with a bare EINVAL.
 * @returns undefined when the program is of the wanted type
 */
export function wrongProgramType(
  kernel: Kernel,
  programDescriptor: number,
  wanted: keyof typeof programTypes,
  cause: SystemError,
): AttachError | undefined {
  const { type, name } = programInfo(kernel, programDescriptor);
  if (type === programTypes[wanted]) return undefined;
  const actual = Object.entries(programTypes).find(([, number]) => number === type)?.[0] ?? `type ${type}`;
  return new AttachError(
    'wrong-program-type',
    `program ${name} is of type ${actual}; this hook takes ${wanted}`,
    'compile it for this hook (--hook)',
    cause,
  );
}

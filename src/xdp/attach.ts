import { createLink } from '../kernel/bpf/link.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { setXdp, xdpModeFlags } from '../kernel/netlink/xdp.ts';
import type { ExpectedXdp } from '../kernel/netlink/xdp.ts';
import { replaceBehindLink } from '../kernel/replace-behind-link.ts';
import { xdpError } from './attach-error.ts';
import type { XdpAttempt } from './attach-error.ts';

/** A program for an interface. */
export interface XdpAttachment extends XdpAttempt {
  readonly programDescriptor: number;
  /** What must be there now; without it, nothing. */
  readonly expected?: ExpectedXdp;
}

/**
 * Attaches a program, or replaces the expected one, in one step: on failure what was there goes on. As `ip link set
 * dev X xdp…` does, so that `ip link` shows it and can take it off.
 * @throws AttachError
 */
export function attachXdp(kernel: Kernel, attachment: XdpAttachment): void {
  withWords(kernel, attachment, () => setXdp(kernel, { ...attachment, expected: attachment.expected ?? nothing }));
}

/**
 * Takes the program of a mode off. Where nothing is attached and anything was expected, that is no error.
 * @throws AttachError `changed` when another program than the expected one is there
 */
export function detachXdp(kernel: Kernel, attempt: XdpAttempt, expected: ExpectedXdp): void {
  withWords(kernel, attempt, () => setXdp(kernel, { ...attempt, programDescriptor: undefined, expected }));
}

/**
 * Attaches a program by a bpf_link, which only its holder can change.
 * @returns a descriptor of the link: pin it, or the program comes off when it is closed
 * @throws AttachError
 */
export function attachXdpLink(kernel: Kernel, attachment: Omit<XdpAttachment, 'expected'>): number {
  const { ifindex, programDescriptor, mode } = attachment;
  const target = { ifindex, programDescriptor, flags: xdpModeFlags[mode] };
  return withWords(kernel, attachment, () => createLink(kernel, 'xdp', target));
}

/**
 * Puts another program behind a link in one step.
 * @param oldProgram a descriptor of the program that must be there now
 * @throws AttachError `changed` when another one is there, `no-interface` when the interface has gone
 */
export function updateXdpLink(kernel: Kernel, link: number, newProgram: number, oldProgram: number): void {
  replaceBehindLink(kernel, link, newProgram, oldProgram);
}

const nothing: ExpectedXdp = { kind: 'nothing' };

function withWords<Result>(kernel: Kernel, attempt: XdpAttempt, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw xdpError(kernel, error, attempt);
  }
}

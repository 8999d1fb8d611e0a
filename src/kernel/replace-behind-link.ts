import { AttachError } from './attach-error.ts';
import { linkInfo, programInfo } from './bpf/info.ts';
import { updateLink } from './bpf/link.ts';
import type { Kernel } from './kernel.ts';
import { isSystemError } from './system-error.ts';

/**
 * Puts another program behind a link in one step.
 * @param oldProgram a descriptor of the program that must be there now
 * @throws AttachError `changed` when another one is there, `no-interface` when the interface has gone
 */
export function replaceBehindLink(kernel: Kernel, link: number, newProgram: number, oldProgram: number): void {
  try {
    updateLink(kernel, link, newProgram, oldProgram);
  } catch (error) {
    if (isSystemError(error, 'ENOLINK'))
      throw new AttachError(
        'no-interface',
        'the link is an empty shell: its interface has gone',
        'remove the link',
        error,
      );
    // The kernel answers EPERM when another program is there.
    const { programId } = linkInfo(kernel, link);
    if (isSystemError(error, 'EPERM') && programId !== programInfo(kernel, oldProgram).id)
      throw new AttachError(
        'changed',
        `the link holds program ${programId} and not the expected one; nothing was changed`,
        'somebody else changed it meanwhile: look at `pktf status` and try again',
        error,
      );
    throw error;
  }
}

import { bpffsDirectory } from '../kernel/bpffs.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { isSystemError } from '../kernel/system-error.ts';

/** Makes a directory in the bpffs and those above it. */
export function makePinDirectory(kernel: Kernel, path: string): void {
  try {
    kernel.makeDirectory(path);
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return;
    if (!isSystemError(error, 'ENOENT') || path === bpffsDirectory) throw error;
    makePinDirectory(kernel, parentOf(path));
    makePinDirectory(kernel, path);
  }
}

/**
 * Removes a directory with all pins in it (it holds no directories), then those above it that are empty. What is gone
 * already is no error.
 */
export function removePinDirectory(kernel: Kernel, path: string): void {
  unlessGone(() => {
    for (const name of kernel.listDirectory(path)) unlessGone(() => kernel.unlink(`${path}/${name}`));
    kernel.removeDirectory(path);
  });
  removeEmptyAbove(kernel, parentOf(path));
}

function removeEmptyAbove(kernel: Kernel, path: string): void {
  if (!path.startsWith(`${bpffsDirectory}/`)) return;
  try {
    kernel.removeDirectory(path);
  } catch (error) {
    if (isSystemError(error, 'ENOTEMPTY')) return;
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
  removeEmptyAbove(kernel, parentOf(path));
}

function unlessGone(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw error;
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

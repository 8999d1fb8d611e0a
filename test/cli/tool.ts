import { spawnSync } from 'node:child_process';

/** Whether a program of this name can be run. */
export function hasTool(name: string): boolean {
  return spawnSync('which', [name]).status === 0;
}

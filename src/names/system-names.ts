import { readFileSync } from 'node:fs';
import type { Names } from '../compiler/names.ts';
import { namesFrom, type NameFile } from './name-files.ts';

const systemPaths: Readonly<Record<NameFile, string>> = {
  hosts: '/etc/hosts',
  services: '/etc/services',
  protocols: '/etc/protocols',
  networks: '/etc/networks',
  ethers: '/etc/ethers',
};

/**
 * Names from the system's files, read when they are first needed. A file that is not there or may not be read has no
 * names: the user then gets the error for an unknown name. DNS is never asked.
 * @param paths other files in place of the system's
 */
export function systemNames(paths: Partial<Record<NameFile, string>> = {}): Names {
  return namesFrom((file) => {
    try {
      return readFileSync(paths[file] ?? systemPaths[file], 'utf8');
    } catch {
      return '';
    }
  });
}

import * as fs from 'node:fs';
import type { Kernel } from '../kernel.ts';
import { SystemError } from '../system-error.ts';

type FileCalls = Pick<
  Kernel,
  | 'fileSystemType'
  | 'makeDirectory'
  | 'removeDirectory'
  | 'unlink'
  | 'rename'
  | 'listDirectory'
  | 'inodeOf'
  | 'readTextFile'
  | 'readBinaryFile'
>;

/**
 * The file calls, by Node's synchronous functions: these run on the calling thread, so they see the namespaces that
 * it is in.
 */
export const fileCalls: FileCalls = {
  fileSystemType: (path) => asked('statfs', path, () => fs.statfsSync(path).type),
  makeDirectory: (path) => asked('mkdir', path, () => fs.mkdirSync(path)),
  removeDirectory: (path) => asked('rmdir', path, () => fs.rmdirSync(path)),
  unlink: (path) => asked('unlink', path, () => fs.unlinkSync(path)),
  rename: (from, to) => asked('rename', from, () => fs.renameSync(from, to)),
  listDirectory: (path) => asked('readdir', path, () => fs.readdirSync(path)),
  inodeOf: (path) => asked('stat', path, () => fs.statSync(path, { bigint: true }).ino),
  readTextFile: (path) => asked('read', path, () => fs.readFileSync(path, 'utf8')),
  readBinaryFile: (path) => asked('read', path, () => fs.readFileSync(path)),
};

/** Runs a file call; Node's error (a negative errno) becomes a SystemError that names the path. */
function asked<Result>(call: string, path: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    const errno = (error as NodeJS.ErrnoException).errno;
    if (errno === undefined) throw error;
    throw new SystemError(`${call} ${path}`, -errno);
  }
}

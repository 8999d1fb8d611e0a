/** A refusal of the kernel: which call, which errno, and the kernel's own words where it gave any. */
export class SystemError extends Error {
  readonly call: string;
  readonly errno: number;
  /** The name of the errno, `EPERM`. */
  readonly code: string;
  /** The extended acknowledgement of netlink, or the log of the verifier. */
  readonly kernelText: string | undefined;

  constructor(call: string, errno: number, kernelText?: string) {
    const code = errnoName(errno);
    super(`${call}: ${kernelText ?? errnoText(errno)} (${code})`);
    this.name = 'SystemError';
    this.call = call;
    this.errno = errno;
    this.code = code;
    this.kernelText = kernelText;
  }
}

export function isSystemError(error: unknown, code?: string): error is SystemError {
  return error instanceof SystemError && (code === undefined || error.code === code);
}

export function errnoName(errno: number): string {
  return errnos.get(errno)?.[0] ?? `errno ${errno}`;
}

export function errnoText(errno: number): string {
  return errnos.get(errno)?.[1] ?? `unknown error ${errno}`;
}

/** errno values of Linux on x86-64, arm64 and riscv64 (asm-generic/errno*.h), as far as our calls can meet them. */
const errnos: ReadonlyMap<number, readonly [name: string, text: string]> = new Map([
  [1, ['EPERM', 'operation not permitted']],
  [2, ['ENOENT', 'no such file or directory']],
  [3, ['ESRCH', 'no such process']],
  [4, ['EINTR', 'interrupted']],
  [5, ['EIO', 'input/output error']],
  [6, ['ENXIO', 'no such device or address']],
  [7, ['E2BIG', 'argument list too long']],
  [9, ['EBADF', 'bad file descriptor']],
  [11, ['EAGAIN', 'resource temporarily unavailable']],
  [12, ['ENOMEM', 'cannot allocate memory']],
  [13, ['EACCES', 'permission denied']],
  [14, ['EFAULT', 'bad address']],
  [16, ['EBUSY', 'device or resource busy']],
  [17, ['EEXIST', 'already exists']],
  [19, ['ENODEV', 'no such device']],
  [20, ['ENOTDIR', 'not a directory']],
  [21, ['EISDIR', 'is a directory']],
  [22, ['EINVAL', 'invalid argument']],
  [23, ['ENFILE', 'too many open files in the system']],
  [24, ['EMFILE', 'too many open files']],
  [26, ['ETXTBSY', 'text file busy']],
  [27, ['EFBIG', 'file too large']],
  [28, ['ENOSPC', 'no space left']],
  [30, ['EROFS', 'read-only file system']],
  [32, ['EPIPE', 'broken pipe']],
  [34, ['ERANGE', 'result out of range']],
  [38, ['ENOSYS', 'function not implemented']],
  [39, ['ENOTEMPTY', 'directory not empty']],
  [40, ['ELOOP', 'too many levels of symbolic links']],
  [61, ['ENODATA', 'no data available']],
  [67, ['ENOLINK', 'link has been severed']],
  [90, ['EMSGSIZE', 'message too long']],
  [92, ['ENOPROTOOPT', 'protocol not available']],
  [93, ['EPROTONOSUPPORT', 'protocol not supported']],
  [95, ['EOPNOTSUPP', 'operation not supported']],
  [97, ['EAFNOSUPPORT', 'address family not supported']],
  [98, ['EADDRINUSE', 'address already in use']],
  [99, ['EADDRNOTAVAIL', 'cannot assign requested address']],
  [100, ['ENETDOWN', 'network is down']],
  [101, ['ENETUNREACH', 'network is unreachable']],
  [105, ['ENOBUFS', 'no buffer space available']],
  [106, ['EISCONN', 'already connected']],
  [107, ['ENOTCONN', 'not connected']],
  [110, ['ETIMEDOUT', 'timed out']],
  [111, ['ECONNREFUSED', 'connection refused']],
  [113, ['EHOSTUNREACH', 'no route to host']],
  [114, ['EALREADY', 'already in progress']],
  [524, ['ENOTSUPP', 'operation not supported by this device or kernel']],
]);

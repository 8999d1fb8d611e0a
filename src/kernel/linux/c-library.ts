import koffi from 'koffi';

/** A C function: numbers, BigInts, byte arrays (passed by address) and strings go in, an integer comes out. */
export type CFunction = (...values: readonly unknown[]) => number | bigint;

/**
 * The functions of the C library that `Kernel` stands on, taken from the running process (Node links it, glibc and
 * musl alike). `syscall` and `open` are declared with fixed arguments: on x86-64, arm64 and riscv64 Linux the calling
 * convention is the same, and a variadic koffi call is slower.
 */
export function openCLibrary() {
  const library = koffi.load(null);
  const find = (name: string, result: string, parameters: string[]): CFunction =>
    library.func(name, result, parameters) as CFunction;
  return {
    bpf: find('syscall', 'long', ['long', 'int', 'void *', 'uint']),
    socket: find('socket', 'int', ['int', 'int', 'int']),
    socketpair: find('socketpair', 'int', ['int', 'int', 'int', 'void *']),
    bind: find('bind', 'int', ['int', 'void *', 'uint']),
    setsockopt: find('setsockopt', 'int', ['int', 'int', 'int', 'void *', 'uint']),
    getsockopt: find('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *']),
    getsockname: find('getsockname', 'int', ['int', 'void *', 'void *']),
    send: find('send', 'long', ['int', 'void *', 'size_t', 'int']),
    recv: find('recv', 'long', ['int', 'void *', 'size_t', 'int']),
    recvmsg: find('recvmsg', 'long', ['int', 'void *', 'int']),
    close: find('close', 'int', ['int']),
    open: find('open', 'int', ['str', 'int']),
    // Declared as a number: the address, or -1.
    mmap: find('mmap', 'int64', ['void *', 'size_t', 'int', 'int', 'int', 'long']),
    munmap: find('munmap', 'int', ['int64', 'size_t']),
    setns: find('setns', 'int', ['int', 'int']),
    mount: find('mount', 'int', ['str', 'str', 'str', 'ulong', 'void *']),
    clockGetTime: find('clock_gettime', 'int', ['int', 'void *']),
  };
}

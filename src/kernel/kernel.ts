/**
 * The one door to the operating system. Everything above speaks bytes through this interface: `linux/` answers with
 * real system calls, `recording.ts` with a fake that keeps what was asked for. Calls are synchronous because errno is
 * lost after an asynchronous koffi call. Every method throws `SystemError` when the kernel refuses.
 */
export interface Kernel {
  /**
   * bpf(2). `attributes` is `union bpf_attr` for the command, native byte order; `references` says which of its
   * 64-bit fields must hold the address of which buffer (the kernel may write into those buffers).
   * @returns the call's result: a file descriptor, or 0
   */
  bpf(command: number, attributes: Uint8Array, references: readonly Reference[]): number;

  /** socket(2); close-on-exec is always set. */
  socket(family: number, type: number, protocol: number): number;
  /** socketpair(2); close-on-exec is always set. */
  socketPair(family: number, type: number, protocol: number): readonly [number, number];
  bind(descriptor: number, address: Uint8Array): void;
  /** setsockopt(2); `references` as for `bpf`, into `value`. */
  setSocketOption(
    descriptor: number,
    level: number,
    name: number,
    value: Uint8Array,
    references?: readonly Reference[],
  ): void;
  /** getsockopt(2) into `value`. @returns the length that the kernel wrote (or, for SO_GET_FILTER, its count) */
  getSocketOption(descriptor: number, level: number, name: number, value: Uint8Array): number;
  getSocketName(descriptor: number, address: Uint8Array): number;
  /** send(2). @returns bytes sent */
  send(descriptor: number, bytes: Uint8Array, flags: number): number;
  /** recv(2). @returns bytes received (with MSG_TRUNC in `flags`: the real length) */
  receive(descriptor: number, buffer: Uint8Array, flags: number): number;
  /** recvmsg(2): data with the sender's address and control messages beside it. */
  receiveMessage(descriptor: number, buffers: MessageBuffers, flags: number): ReceivedMessage;
  /**
   * Waits until the descriptor is readable (or in error), without holding a thread. Makes the descriptor
   * non-blocking; one wait per descriptor at a time.
   * @param timeout milliseconds; -1 waits for ever
   * @returns whether it became readable (false: the time ran out or the signal was aborted)
   */
  waitReadable(descriptor: number, timeout: number, signal?: AbortSignal): Promise<boolean>;
  /** mmap(2) of a descriptor's first bytes, shared, readable and writable. */
  mapMemory(descriptor: number, length: number): MappedMemory;
  close(descriptor: number): void;

  /** open(2) of a path with O_CLOEXEC | `flags`. */
  open(path: string, flags: number): number;
  /** setns(2) for the calling thread. */
  enterNamespace(descriptor: number, type: number): void;
  /** mount(2) of a file system type on a directory. */
  mountFileSystem(type: string, directory: string): void;
  /** statfs(2): the `f_type` magic number. */
  fileSystemType(path: string): number;
  makeDirectory(path: string): void;
  removeDirectory(path: string): void;
  unlink(path: string): void;
  /** rename(2); replaces a file, or a directory that is empty. */
  rename(from: string, to: string): void;
  /** Names in a directory. */
  listDirectory(path: string): readonly string[];
  /** The inode number that a path leads to. */
  inodeOf(path: string): bigint;
  /** A small text file, of /proc or /sys, say. */
  readTextFile(path: string): string;
  /** A file as bytes: the kernel's own types are 5 MB. */
  readBinaryFile(path: string): Uint8Array;
  /** Nanoseconds since boot (CLOCK_BOOTTIME), the clock of `bpf_prog_info.load_time`. */
  bootTime(): bigint;
}

/** A 64-bit field at `offset` that must hold the address of `buffer` while the call runs. */
export interface Reference {
  readonly offset: number;
  readonly buffer: Uint8Array;
  /** Fields of `buffer` that hold addresses in turn. */
  readonly references?: readonly Reference[];
}

/** Where `receiveMessage` puts things; what is absent is not asked for. */
export interface MessageBuffers {
  readonly data: Uint8Array;
  readonly address?: Uint8Array | undefined;
  readonly control?: Uint8Array | undefined;
}

export interface ReceivedMessage {
  /** Bytes of data (with MSG_TRUNC asked for: the real length, which may exceed the buffer's). */
  readonly length: number;
  readonly addressLength: number;
  readonly controlLength: number;
  /** MSG_TRUNC, MSG_CTRUNC, … */
  readonly flags: number;
}

export interface MappedMemory {
  /** Touching them after `unmap` ends the process. */
  readonly bytes: Uint8Array;
  unmap(): void;
}

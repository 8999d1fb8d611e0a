import { command, commandName } from './bpf/command.ts';
import type { Kernel, Reference } from './kernel.ts';
import { SystemError } from './system-error.ts';

/** A call as data. Byte arrays are copies made when the call was made. */
export interface RecordedCall {
  /** The method; for `bpf` the command: `bpf(MAP_CREATE)`. */
  readonly call: string;
  readonly values: readonly unknown[];
}

/** What a test lets go wrong: the `nth` call (from 1) of that name, or of any name. */
export interface Failure {
  readonly call?: string;
  readonly nth: number;
  readonly errno: number;
  readonly kernelText?: string;
}

export interface Script {
  /** Answers in place of the default ones (a new descriptor, 0, nothing). They may write into the buffers they get. */
  readonly answers?: Partial<Kernel>;
  readonly failures?: readonly Failure[];
}

/** A kernel that does nothing but remember. */
export interface RecordingKernel extends Kernel {
  readonly calls: readonly RecordedCall[];
  /** Descriptors that were given out and not closed. */
  readonly openDescriptors: ReadonlySet<number>;
  /** How often a call was made, refused ones included. */
  count(call: string): number;
}

const commandsThatOpen: ReadonlySet<number> = new Set([
  command.MAP_CREATE,
  command.PROG_LOAD,
  command.OBJ_GET,
  command.BTF_LOAD,
  command.LINK_CREATE,
  command.PROG_GET_FD_BY_ID,
  command.MAP_GET_FD_BY_ID,
  command.LINK_GET_FD_BY_ID,
  command.BTF_GET_FD_BY_ID,
]);
const firstDescriptor = 100;

export function recordingKernel(script: Script = {}): RecordingKernel {
  const { answers = {}, failures = [] } = script;
  const calls: RecordedCall[] = [];
  const openDescriptors = new Set<number>();
  let lastDescriptor = firstDescriptor - 1;

  const count = (call: string) => calls.filter((recorded) => recorded.call === call).length;
  const newDescriptor = () => (lastDescriptor += 1);

  function record(call: string, values: readonly unknown[]): void {
    calls.push({ call, values: values.map(copied) });
    const failure = failures.find(
      (each) => (each.call ?? call) === call && each.nth === (each.call === undefined ? calls.length : count(call)),
    );
    if (failure !== undefined) throw new SystemError(call, failure.errno, failure.kernelText);
  }

  function opened(descriptor: number): number {
    openDescriptors.add(descriptor);
    return descriptor;
  }

  /** A method that records itself and then answers: as the script says, else by default. */
  function method<Name extends keyof Kernel>(name: Name, byDefault: Kernel[Name]): Kernel[Name] {
    const answer = (answers[name] ?? byDefault) as (...values: unknown[]) => unknown;
    return ((...values: unknown[]) => {
      record(name, values);
      return answer(...values);
    }) as Kernel[Name];
  }

  return {
    calls,
    openDescriptors,
    count,
    bpf(number, attributes, references) {
      record(commandName(number), [attributes, references]);
      const opens = commandsThatOpen.has(number);
      const result = answers.bpf?.(number, attributes, references) ?? (opens ? newDescriptor() : 0);
      return opens ? opened(result) : result;
    },
    socket: method('socket', () => opened(newDescriptor())),
    socketPair: method('socketPair', () => [opened(newDescriptor()), opened(newDescriptor())]),
    bind: method('bind', () => undefined),
    setSocketOption: method('setSocketOption', () => undefined),
    getSocketOption: method('getSocketOption', (_descriptor, _level, _name, value) => value.length),
    getSocketName: method('getSocketName', (_descriptor, address) => address.length),
    send: method('send', (_descriptor, bytes) => bytes.length),
    receive: method('receive', () => 0),
    receiveMessage: method('receiveMessage', () => ({ length: 0, addressLength: 0, controlLength: 0, flags: 0 })),
    waitReadable: method('waitReadable', () => Promise.resolve(true)),
    mapMemory: method('mapMemory', (_descriptor, length) => ({
      bytes: new Uint8Array(length),
      unmap: () => undefined,
    })),
    close(descriptor) {
      record('close', [descriptor]);
      if (!openDescriptors.delete(descriptor)) throw new SystemError('close', EBADF);
    },
    open: method('open', () => opened(newDescriptor())),
    enterNamespace: method('enterNamespace', () => undefined),
    mountFileSystem: method('mountFileSystem', () => undefined),
    fileSystemType: method('fileSystemType', () => 0),
    makeDirectory: method('makeDirectory', () => undefined),
    removeDirectory: method('removeDirectory', () => undefined),
    unlink: method('unlink', () => undefined),
    rename: method('rename', () => undefined),
    listDirectory: method('listDirectory', () => []),
    inodeOf: method('inodeOf', () => 1n),
    readTextFile: method('readTextFile', (path) => {
      throw new SystemError(`read ${path}`, ENOENT);
    }),
    readBinaryFile: method('readBinaryFile', (path) => {
      throw new SystemError(`read ${path}`, ENOENT);
    }),
    bootTime: method('bootTime', () => 0n),
  };
}

const ENOENT = 2;
const EBADF = 9;

/** The value as it was when the call was made. */
function copied(value: unknown): unknown {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map(copied);
  if (isReference(value)) {
    const { offset, buffer, references } = value;
    return { offset, buffer: buffer.slice(), ...(references && { references: references.map(copied) }) };
  }
  return value;
}

function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && 'offset' in value && 'buffer' in value;
}

import type { Kernel } from '../kernel.ts';
import { commandName } from '../bpf/command.ts';
import { openCLibrary } from './c-library.ts';
import { fileCalls } from './files.ts';
import { invoke, invokeOnce } from './invoke.ts';
import { mapMemory } from './map-memory.ts';
import { receiveMessage } from './receive-message.ts';
import { withReferences } from './references.ts';
import { systemCallNumber } from './system-call-number.ts';
import { waitReadable } from './wait-readable.ts';

const SOCK_CLOEXEC = 0o2000000;
const O_CLOEXEC = 0o2000000;
const CLOCK_BOOTTIME = 7;

/** The kernel that this process runs on. Load this module by dynamic import: koffi costs 12 ms of start time. */
export function openLinuxKernel(): Kernel {
  const c = openCLibrary();
  const bpfNumber = systemCallNumber('bpf');

  return {
    ...fileCalls,
    waitReadable,

    bpf: (command, attributes, references) =>
      withReferences(attributes, references, () =>
        invoke(commandName(command), c.bpf, bpfNumber, command, attributes, attributes.length),
      ),

    socket: (family, type, protocol) => invoke('socket', c.socket, family, type | SOCK_CLOEXEC, protocol),

    socketPair(family, type, protocol) {
      const pair = new Int32Array(2);
      invoke('socketpair', c.socketpair, family, type | SOCK_CLOEXEC, protocol, pair);
      return [pair[0]!, pair[1]!];
    },

    bind(descriptor, address) {
      invoke('bind', c.bind, descriptor, address, address.length);
    },

    setSocketOption(descriptor, level, name, value, references = []) {
      withReferences(value, references, () =>
        invoke('setsockopt', c.setsockopt, descriptor, level, name, value, value.length),
      );
    },

    getSocketOption(descriptor, level, name, value) {
      const length = Uint32Array.of(value.length);
      invoke('getsockopt', c.getsockopt, descriptor, level, name, value, length);
      return length[0]!;
    },

    getSocketName(descriptor, address) {
      const length = Uint32Array.of(address.length);
      invoke('getsockname', c.getsockname, descriptor, address, length);
      return length[0]!;
    },

    send: (descriptor, bytes, flags) => invoke('send', c.send, descriptor, bytes, bytes.length, flags),
    receive: (descriptor, buffer, flags) => invoke('recv', c.recv, descriptor, buffer, buffer.length, flags),
    receiveMessage: (descriptor, buffers, flags) => receiveMessage(c.recvmsg, descriptor, buffers, flags),

    mapMemory: (descriptor, length) => mapMemory(c, descriptor, length),

    close(descriptor) {
      // Not again after EINTR: Linux has closed the descriptor by then, and its number may be another's.
      invokeOnce('close', c.close, descriptor);
    },

    open: (path, flags) => invoke(`open ${path}`, c.open, path, flags | O_CLOEXEC),

    enterNamespace(descriptor, type) {
      invoke('setns', c.setns, descriptor, type);
    },

    mountFileSystem(type, directory) {
      invoke(`mount ${type} on ${directory}`, c.mount, type, directory, type, 0, null);
    },

    bootTime() {
      const time = new BigInt64Array(2);
      invoke('clock_gettime', c.clockGetTime, CLOCK_BOOTTIME, time);
      return time[0]! * 1_000_000_000n + time[1]!;
    },
  };
}

import type { Kernel } from '../kernel.ts';
import { SystemError } from '../system-error.ts';
import { encodeMessage, messageFlags, messageTypes, parseAcknowledgement, parseMessages } from './message.ts';
import type { Message } from './message.ts';

/** A request of netlink. */
export interface Request {
  /** Routes, interfaces and traffic control unless said; `generic` carries many families, ethtool's among them. */
  readonly protocol?: keyof typeof protocols;
  /** How an error names it, `RTM_SETLINK`. */
  readonly name: string;
  readonly type: number;
  /** NLM_F_… beyond those that every request has. */
  readonly flags?: number;
  readonly body: Uint8Array;
}

const AF_NETLINK = 16;
const SOCK_RAW = 3;
/** NETLINK_… */
const protocols = { route: 0, generic: 16 } as const;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const MSG_TRUNC = 0x20;
const EMSGSIZE = 90;
const EINTR = 4;
const EIO = 5;

/** The kernel fills at most 32 KiB of a datagram in a dump. */
const bufferSize = 1 << 16;
/** How often an interrupted dump (something changed meanwhile) is begun again. */
const dumpAttempts = 8;

/**
 * Sends one request and waits for its acknowledgement.
 * @returns what the kernel sent before it (the answer to a get)
 * @throws SystemError with the kernel's own words where it gives any
 */
export function request(kernel: Kernel, wanted: Request): readonly Message[] {
  return withSocket(
    kernel,
    wanted,
    (descriptor) => exchange(kernel, descriptor, wanted, messageFlags.acknowledge).messages,
  );
}

/** Asks for all objects of a kind. Begins again when the kernel says that they changed meanwhile. */
export function dump(kernel: Kernel, wanted: Request): readonly Message[] {
  return withSocket(kernel, wanted, (descriptor) => {
    for (let attempt = 1; attempt <= dumpAttempts; attempt += 1) {
      const { messages, interrupted } = exchange(kernel, descriptor, wanted, messageFlags.dump);
      if (!interrupted) return messages;
    }
    throw new SystemError(wanted.name, EINTR, 'it keeps changing while it is being read; try again');
  });
}

function withSocket<Result>(kernel: Kernel, wanted: Request, action: (descriptor: number) => Result): Result {
  const descriptor = kernel.socket(AF_NETLINK, SOCK_RAW, protocols[wanted.protocol ?? 'route']);
  try {
    const on = Uint8Array.of(1, 0, 0, 0);
    kernel.setSocketOption(descriptor, SOL_NETLINK, NETLINK_EXT_ACK, on);
    kernel.setSocketOption(descriptor, SOL_NETLINK, NETLINK_CAP_ACK, on);
    return action(descriptor);
  } finally {
    kernel.close(descriptor);
  }
}

/** Numbers requests of this process, so that an answer to another one is never taken for ours. */
let lastSequence = 0;

interface Answer {
  readonly messages: readonly Message[];
  readonly interrupted: boolean;
}

function exchange(kernel: Kernel, descriptor: number, wanted: Request, flags: number): Answer {
  lastSequence = (lastSequence + 1) >>> 0;
  const sequence = lastSequence;
  const allFlags = messageFlags.request | flags | (wanted.flags ?? 0);
  kernel.send(descriptor, encodeMessage({ type: wanted.type, flags: allFlags, sequence, body: wanted.body }), 0);

  const messages: Message[] = [];
  let interrupted = false;
  for (;;) {
    for (const message of receive(kernel, descriptor, wanted.name)) {
      if (message.sequence !== sequence) continue;
      interrupted ||= (message.flags & messageFlags.dumpInterrupted) !== 0;
      if (message.type !== messageTypes.error && message.type !== messageTypes.done) {
        messages.push(message);
        continue;
      }
      const { errno, text } = parseAcknowledgement(message);
      if (errno !== 0) throw new SystemError(wanted.name, errno, text);
      return { messages, interrupted };
    }
  }
}

/** One datagram from the kernel (whose port is 0; any other sender is not listened to). */
function receive(kernel: Kernel, descriptor: number, call: string): readonly Message[] {
  const data = new Uint8Array(bufferSize);
  const address = new Uint8Array(12);
  const { length, flags } = kernel.receiveMessage(descriptor, { data, address }, 0);
  if (length === 0) throw new SystemError(call, EIO);
  if ((flags & MSG_TRUNC) !== 0) throw new SystemError(call, EMSGSIZE);
  const senderPort = new DataView(address.buffer).getUint32(4, true);
  return senderPort === 0 ? parseMessages(data.subarray(0, length)) : [];
}

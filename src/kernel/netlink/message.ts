import { align, parseAttributes, textOf } from './attribute.ts';

/** A netlink message taken apart (`struct nlmsghdr` and what follows it). */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly body: Uint8Array;
}

/** The kernel's answer to a request: `errno` 0 is an acknowledgement. */
export interface Acknowledgement {
  readonly errno: number;
  /** The kernel's own words (extended acknowledgement), an error or a warning. */
  readonly text: string | undefined;
}

export const headerSize = 16;

/** NLMSG_…: messages of netlink itself. */
export const messageTypes = { error: 2, done: 3 } as const;

/** NLM_F_…; which of the high ones means what depends on the request. */
export const messageFlags = {
  request: 0x1,
  acknowledge: 0x4,
  dumpInterrupted: 0x10,
  capped: 0x100,
  acknowledgementAttributes: 0x200,
  /** Of a get: everything. */
  dump: 0x300,
  /** Of a new: replace what is there. */
  replace: 0x100,
  /** Of a new: fail when there is something. */
  exclusive: 0x200,
  /** Of a new: create where there is nothing. */
  create: 0x400,
} as const;

/** NLMSGERR_ATTR_MSG */
const textAttributeType = 1;

export function encodeMessage({ type, flags, sequence, body }: Message): Uint8Array {
  const bytes = new Uint8Array(headerSize + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  bytes.set(body, headerSize);
  return bytes;
}

/** The messages of one datagram. Their bodies are copies, so that the buffer can be used again. */
export function parseMessages(bytes: Uint8Array): readonly Message[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const messages: Message[] = [];
  for (let at = 0; at + headerSize <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < headerSize || at + length > bytes.length) break;
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: bytes.slice(at + headerSize, at + length),
    });
    at += align(length);
  }
  return messages;
}

/**
 * Reads NLMSG_ERROR (an error number, the header of the request, unless capped all of it, attributes) or NLMSG_DONE
 * (an error number, attributes).
 */
export function parseAcknowledgement(message: Message): Acknowledgement {
  const { body, flags, type } = message;
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const errno = body.length < 4 ? 0 : -view.getInt32(0, true);
  if ((flags & messageFlags.acknowledgementAttributes) === 0) return { errno, text: undefined };
  let attributesAt = 4;
  if (type === messageTypes.error) {
    const requestLength = (flags & messageFlags.capped) === 0 ? view.getUint32(4, true) : headerSize;
    attributesAt += align(requestLength);
  }
  return { errno, text: textOf(parseAttributes(body.subarray(attributesAt)), textAttributeType) };
}

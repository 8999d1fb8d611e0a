import type { MessageBuffers, ReceivedMessage, Reference } from '../kernel.ts';
import type { CFunction } from './c-library.ts';
import { invoke } from './invoke.ts';
import { withReferences } from './references.ts';

/** Offsets in `struct msghdr` of a 64-bit Linux. */
const header = {
  size: 56,
  name: 0,
  nameLength: 8,
  vector: 16,
  vectorLength: 24,
  control: 32,
  controlLength: 40,
  flags: 48,
};
/** Offsets in `struct iovec`. */
const vector = { size: 16, base: 0, length: 8 };

/** recvmsg(2) into one data buffer. */
export function receiveMessage(
  recvmsg: CFunction,
  descriptor: number,
  buffers: MessageBuffers,
  flags: number,
): ReceivedMessage {
  const { data, address, control } = buffers;
  const message = new Uint8Array(header.size);
  const messageView = new DataView(message.buffer);
  const parts = new Uint8Array(vector.size);
  new DataView(parts.buffer).setUint32(vector.length, data.length, true);
  messageView.setUint32(header.vectorLength, 1, true);
  messageView.setUint32(header.nameLength, address?.length ?? 0, true);
  messageView.setUint32(header.controlLength, control?.length ?? 0, true);
  const references: Reference[] = [
    { offset: header.vector, buffer: parts, references: [{ offset: vector.base, buffer: data }] },
  ];
  if (address !== undefined) references.push({ offset: header.name, buffer: address });
  if (control !== undefined) references.push({ offset: header.control, buffer: control });

  const length = withReferences(message, references, () => invoke('recvmsg', recvmsg, descriptor, message, flags));
  return {
    length,
    addressLength: messageView.getUint32(header.nameLength, true),
    controlLength: messageView.getUint32(header.controlLength, true),
    flags: messageView.getUint32(header.flags, true),
  };
}
